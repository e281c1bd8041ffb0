// What other tools of the page may want to know of the client: `window.djscopeClient`.

const KEPT = 200;

export class Debug {
  events = [];
  applied = [];
  hits = [];
  rolledBack = [];
  // How often each event was asked for by the user, and how often it was sent.
  counts = {};

  constructor() {
    window.djscopeClient = this;
  }

  note(list, entry) {
    list.push(entry);
    if (list.length > KEPT) list.shift();
    window.dispatchEvent(new CustomEvent('djscope:client', { detail: entry }));
  }

  count(event, what) {
    this.counts[event] ??= { asked: 0, sent: 0 };
    this.counts[event][what] += 1;
  }

  // An event that goes to the server, and the element it comes from, which may leave the page.
  event(ref, event, parameters, element) {
    this.count(event, 'sent');
    this.note(this.events, { ref, event, parameters, element: element && new WeakRef(element), at: performance.now() });
  }

  // An event that was answered without the server.
  hit(event, parameters) {
    this.note(this.hits, { event, parameters, at: performance.now() });
  }

  // A frame that was applied, in how many milliseconds, and its patches that found nothing. Gives what servers may ask for.
  frame({ type, version, ref, source }, milliseconds, failed) {
    this.note(this.applied, { type, version, ref, source, milliseconds, failed });
    const by = this.events.find(event => event.ref === ref)?.element?.deref();
    return { version, milliseconds, failed: failed.length, element: by && by.localName + (by.id && `#${by.id}`) };
  }
}
