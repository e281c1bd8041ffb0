// `dj-hook`: code of the page that lives as long as an element does.

export function join(view) {
  const live = new Map();
  let wasLost = false;
  const pushEvent = (event, params = {}) => view.socket.send({ type: 'event', event, params });

  function all(method) {
    for (const hook of live.values()) hook[method]?.();
  }

  function begin(el, definition) {
    const listeners = [];
    const followed = [];
    const handleEvent = (event, listener) => listeners.push({ event, listener });
    const subscribe = (key, listener) => followed.push(view.shared.subscribe(key, listener));
    const hook = Object.assign(Object.create(definition), { el, listeners, followed, handleEvent, subscribe, pushEvent });
    live.set(el, hook);
    hook.mounted?.();
  }

  function end(el, hook) {
    live.delete(el);
    for (const unsubscribe of hook.followed) unsubscribe();
    hook.destroyed?.();
  }

  return {
    before: () => all('beforeUpdate'),

    after() {
      for (const [el, hook] of live) {
        if (el.isConnected) hook.updated?.();
        else end(el, hook);
      }
      const known = { ...window.DjustHooks, ...window.djust?.hooks };
      for (const el of view.root.querySelectorAll('[dj-hook]')) {
        const definition = known[el.getAttribute('dj-hook')];
        if (definition && !live.has(el)) begin(el, definition);
      }
    },

    lost() {
      wasLost = true;
      all('disconnected');
    },

    found() {
      if (wasLost) all('reconnected');
      wasLost = false;
    },

    on_push_event({ event: pushed, payload }) {
      for (const { listeners } of live.values()) {
        for (const { event, listener } of listeners) if (event === pushed) listener(payload);
      }
    },
  };
}
