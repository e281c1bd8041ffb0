// `dj-hook`: code of the page that lives as long as an element does.

export class Hooks {
  constructor(push) {
    this.push = push;
    this.live = new Map();
  }

  call(hook, method) {
    try {
      hook[method]?.();
    } catch (error) {
      console.error(`dj-hook ${method}:`, error);
    }
  }

  // To be called before the page changes.
  before() {
    for (const hook of this.live.values()) this.call(hook, 'beforeUpdate');
  }

  // To be called after the page has changed.
  after(root) {
    const known = { ...window.DjustHooks, ...window.djust?.hooks };
    for (const [element, hook] of this.live) {
      if (element.isConnected && element.hasAttribute('dj-hook')) continue;
      this.live.delete(element);
      this.call(hook, 'destroyed');
    }
    for (const hook of this.live.values()) this.call(hook, 'updated');
    for (const element of root.querySelectorAll('[dj-hook]')) {
      const name = element.getAttribute('dj-hook');
      if (this.live.has(element) || !Object.hasOwn(known, name)) continue;
      const hook = this.made(known[name], element);
      this.live.set(element, hook);
      this.call(hook, 'mounted');
    }
  }

  made(definition, element) {
    const hook = Object.create(definition);
    const listeners = [];
    return Object.assign(hook, {
      el: element,
      listeners,
      viewName: element.closest('[dj-view]')?.getAttribute('dj-view') ?? '',
      pushEvent: (event, payload = {}) => this.push(event, payload),
      handleEvent: (event, listener) => listeners.push([event, listener]),
    });
  }

  // Tells the hooks what the server pushes, or that the connection is lost or found again.
  tell(event, payload) {
    for (const hook of this.live.values()) {
      for (const [name, listener] of hook.listeners) {
        if (name === event) listener(payload);
      }
    }
  }

  all(method) {
    for (const hook of this.live.values()) this.call(hook, method);
  }
}
