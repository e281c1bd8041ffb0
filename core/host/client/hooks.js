// `dj-hook`: code of the page that lives as long as an element does.

export class Hooks {
  constructor(push) {
    this.push = push;
    this.live = new Map();
  }

  all(method) {
    for (const hook of this.live.values()) hook[method]?.();
  }

  // To be called after the page has changed.
  changed(root) {
    for (const [element, hook] of this.live) {
      if (element.isConnected) hook.updated?.();
      else {
        this.live.delete(element);
        hook.destroyed?.();
      }
    }
    const known = { ...window.DjustHooks, ...window.djust?.hooks };
    for (const el of root.querySelectorAll('[dj-hook]')) {
      const definition = known[el.getAttribute('dj-hook')];
      if (!definition || this.live.has(el)) continue;
      const listeners = [];
      const handleEvent = (event, listener) => listeners.push({ event, listener });
      const hook = Object.assign(Object.create(definition), { el, listeners, handleEvent, pushEvent: this.push });
      this.live.set(el, hook);
      hook.mounted?.();
    }
  }

  // What the server pushes.
  tell(pushed, payload) {
    for (const { listeners } of this.live.values()) {
      for (const { event, listener } of listeners) if (event === pushed) listener(payload);
    }
  }
}
