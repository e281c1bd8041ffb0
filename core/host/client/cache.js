// Answers of handlers with `@cache`, which are the same for the same parameters.

export class Cache {
  constructor(config = {}) {
    this.config = new Map(Object.entries(config));
    this.answers = new Map();
    this.asked = new Map();
  }

  key(event, parameters) {
    const names = this.config.get(event).key_params?.length ? this.config.get(event).key_params : Object.keys(parameters);
    return JSON.stringify([event, [...names].sort().map(name => [name, parameters[name] ?? null])]);
  }

  // The patches that answered this before, if they are still good.
  known(event, parameters) {
    if (!this.config.has(event)) return null;
    const answer = this.answers.get(this.key(event, parameters));
    return answer && answer.until > Date.now() ? answer.patches : null;
  }

  // Parameters to send, with a mark that the answer brings back.
  asking(event, parameters) {
    if (!this.config.has(event)) return parameters;
    const id = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    const seconds = this.config.get(event).ttl ?? 60;
    this.asked.set(id, { key: this.key(event, parameters), seconds });
    return { ...parameters, _cacheRequestId: id };
  }

  keep({ cache_request_id: id, patches }) {
    const question = this.asked.get(id);
    if (!question) return;
    this.asked.delete(id);
    this.answers.set(question.key, { patches: patches ?? [], until: Date.now() + question.seconds * 1000 });
  }
}
