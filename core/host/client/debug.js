// What other tools of the page may want to know of the client: `window.djscopeClient`.

const KEPT = 200;

function described(element) {
  if (!element) return null;
  const { id, tagName } = element;
  return { tag: tagName.toLowerCase(), id, dj_id: element.getAttribute('dj-id'), text: element.textContent.trim().slice(0, 80) };
}

export class Debug {
  constructor() {
    this.events = [];
    this.applied = [];
    this.elements = new Map();
    window.djscopeClient = this;
  }

  note(list, entry) {
    list.push(entry);
    if (list.length > KEPT) list.shift();
    window.dispatchEvent(new CustomEvent('djscope:client', { detail: entry }));
  }

  // An event that goes to the server, and the element it comes from.
  event(ref, event, parameters, element) {
    if (element) this.elements.set(ref, new WeakRef(element));
    this.elements.delete(ref - KEPT);
    this.note(this.events, { kind: 'event', ref, event, parameters, element: described(element), at: performance.now() });
  }

  elementOf(ref) {
    return this.elements.get(ref)?.deref() ?? null;
  }

  // A frame that was applied, in how many milliseconds, and its patches that found nothing.
  frame({ type, version, ref, source, event_name: event, patches }, milliseconds, failed) {
    const count = patches?.length ?? null;
    this.note(this.applied, { kind: 'applied', type, version, ref, source, event, count, milliseconds, failed });
  }
}
