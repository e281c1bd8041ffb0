// Answers of handlers with `@cache`, which are the same for the same parameters.

const MOST = 100;

export function join() {
  let config = {};
  // The answers, the one used last at the end, and the keys of those that are under way.
  const answers = new Map();
  const asked = new Map();
  let last = 0;

  function keyOf(event, parameters) {
    const all = Object.keys(parameters).filter(name => !/^_(?!args$)/.test(name)).sort();
    const named = config[event].key_params?.filter(name => name in parameters);
    return JSON.stringify([event, (named?.length ? [...named, '_args'] : all).map(name => [name, parameters[name]])]);
  }

  function keep({ cache_request_id: id, patches }) {
    if (!asked.has(id)) return;
    const [key, seconds] = asked.get(id);
    asked.delete(id);
    if (patches) answers.set(key, { patches, until: Date.now() + seconds * 1000 });
    if (answers.size > MOST) answers.delete(answers.keys().next().value);
  }

  return {
    // The patches that answered this before, if they are still good.
    known(event, parameters) {
      const key = event in config && keyOf(event, parameters);
      const answer = answers.get(key);
      answers.delete(key);
      if (!answer || answer.until <= Date.now()) return null;
      answers.set(key, answer);
      return answer.patches;
    },

    // What to send, with a mark that the answer brings back.
    asking(event, parameters) {
      if (!(event in config)) return parameters;
      const id = `${Date.now()}-${(last += 1)}`;
      asked.set(id, [keyOf(event, parameters), config[event].ttl ?? 60]);
      return { ...parameters, _cacheRequestId: id };
    },

    on_mount({ cache_config: wanted = {} }) {
      config = wanted;
      answers.clear();
      asked.clear();
    },
    on_patch: keep,
    on_html_update: keep,
    forgotten: ref => ref === undefined && asked.clear(),
  };
}
