// `view.shared`: values that all of a page may read, set and follow without the server, as `@client_state` does.

class Shared {
  values = new Map();
  listeners = new Map();

  get(key) {
    return this.values.get(key);
  }

  // The same value again is no news.
  set(key, value) {
    if (this.values.has(key) && JSON.stringify(this.get(key)) === JSON.stringify(value)) return;
    this.values.set(key, value);
    for (const listener of this.listeners.get(key) ?? []) listener(value);
    window.dispatchEvent(new CustomEvent('djust:client-state', { detail: { key, value } }));
    this.show();
  }

  // Calls `listener` with every new value, until the function that is returned is called.
  subscribe(key, listener) {
    const listeners = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  show() {
    for (const element of this.values.size ? document.querySelectorAll('[dj-client-state]') : []) {
      const value = this.get(element.getAttribute('dj-client-state'));
      if (value !== undefined && element.textContent !== String(value)) element.textContent = value;
    }
  }
}

export function join(view) {
  view.shared = new Shared();
  return {
    asked(event, parameters) {
      for (const key of view.handlers[event]?.client_state?.keys ?? []) {
        if (key in parameters) view.shared.set(key, parameters[key]);
      }
    },
    after: () => view.shared.show(),
  };
}
