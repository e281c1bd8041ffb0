// Answers of handlers with `@cache`, which are the same for the same parameters.

export class Cache {
  constructor(config = {}) {
    Object.assign(this, { config, answers: new Map(), asked: new Map() });
  }

  key(event, parameters) {
    const { key_params: names } = this.config[event];
    return JSON.stringify([event, (names?.length ? names : Object.keys(parameters).sort()).map(name => [name, parameters[name]])]);
  }

  // The patches that answered this before, if they are still good.
  known(event, parameters) {
    const answer = event in this.config && this.answers.get(this.key(event, parameters));
    return answer && answer.until > Date.now() ? answer.patches : null;
  }

  // What to send, with a mark that the answer brings back.
  asking(event, parameters) {
    if (!(event in this.config)) return parameters;
    const id = `${Date.now()}-${this.asked.size}`;
    this.asked.set(id, [this.key(event, parameters), this.config[event].ttl ?? 60]);
    return { ...parameters, _cacheRequestId: id };
  }

  keep({ cache_request_id: id, patches = [] }) {
    if (!this.asked.has(id)) return;
    const [key, seconds] = this.asked.get(id);
    this.answers.set(key, { patches, until: Date.now() + seconds * 1000 });
  }
}
