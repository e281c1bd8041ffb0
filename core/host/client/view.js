// The view of a page: what it sends to the server and what the server's frames do to it.

import { Bindings } from './bindings.js';
import { Debug } from './debug.js';
import { addClass } from './fields.js';
import { ofHandler } from './limits.js';
import { become } from './morph.js';
import { load } from './parts.js';
import { apply } from './patches.js';
import { Socket } from './socket.js';

// What the server sends unasked waits until no event is under way: the answer to that counts on the page as it was.
const UNASKED = /^(tick|broadcast|async)$/;

export class View {
  debug = new Debug();
  parts = {};
  pending = new Map();
  working = new Map();
  waiting = [];
  handlers = {};
  limits = new Map();
  uploads = {};
  lastRef = 0;

  constructor(root, url) {
    this.root = root;
    this.bindings = new Bindings(this);
    load(document.body.innerHTML + JSON.stringify(history.state), this);
    this.socket = new Socket(url, {
      needs: text => load(text, this),
      receive: frame => this.tell(`on_${frame.type}`, frame),
      lost: () => {
        this.forget();
        this.connected(false);
      },
    });
  }

  // Calls a method of the view and of every part that has it. One that fails, as hooks of the page may, stops no other.
  tell(method, ...about) {
    for (const each of [this, ...Object.values(this.parts)]) {
      try {
        each[method]?.(...about);
      } catch (error) {
        reportError(error);
      }
    }
  }

  connected(is) {
    this.isMounted = is;
    document.body.classList.toggle('dj-connected', is);
    document.body.classList.toggle('dj-disconnected', !is);
    this.tell(is ? 'found' : 'lost');
  }

  mount(type, view, { pathname, searchParams }) {
    const params = Object.fromEntries(searchParams);
    const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    this.socket.send({ type, view, params, url: pathname, has_prerendered: type === 'mount', client_timezone: timezone });
  }

  // Sends an event, as often as its handler wants it.
  event(...event) {
    (this.limits.get(event[0]) ?? this.dispatch).apply(this, event);
  }

  dispatch(event, parameters, element) {
    if (!this.isMounted) return;
    this.tell('asked', event, parameters);
    const { cache } = this.parts;
    const known = cache?.known?.(event, parameters);
    if (known) {
      this.debug.hit(event, parameters);
      this.change(() => apply(known, this.root));
      return;
    }
    const ref = ++this.lastRef;
    this.pending.set(ref, { event, end: this.begin(event, element) });
    this.debug.event(ref, event, parameters, element);
    this.socket.send({ type: 'event', event, params: cache?.asking?.(event, parameters) ?? parameters, ref });
    this.tell('sent', ref, event, parameters, element);
  }

  // Shows that an event is under way; the function that is returned ends it.
  begin(event, element) {
    if (event === 'update_model') return () => {};
    const undo = [addClass(document.body, 'djust-global-loading')];
    if (element) undo.push(addClass(element, 'djust-loading'));
    undo.push(...(this.parts.loading?.begin?.(event) ?? []));
    return () => undo.splice(0).reverse().forEach(step => step());
  }

  // Sends what waits for a pause.
  flush() {
    for (const limited of this.limits.values()) limited.flush();
  }

  on_connect() {
    this.mount('mount', this.root.getAttribute('dj-view'), new URL(location));
  }

  on_mount({ version, html, handler_config: handlers = {}, upload_configs: uploads = {}, client_reports: reports }) {
    Object.assign(this, { version, handlers, uploads, reports, waiting: [] });
    for (const limited of this.limits.values()) limited.cancel();
    this.limits.clear();
    for (const name in handlers) {
      const limited = ofHandler(handlers[name], (...event) => this.dispatch(...event));
      if (limited) this.limits.set(name, limited);
    }
    if (html) this.change(() => become(html, this.root));
    for (const element of document.querySelectorAll('[dj-cloak]')) element.removeAttribute('dj-cloak');
    this.connected(true);
  }

  on_patch(frame) {
    if (!this.pending.has(frame.ref) && UNASKED.test(frame.source) && this.pending.size) {
      // Its version counts now: the server has numbered the answer after it.
      const isNext = frame.version === this.version + 1;
      if (isNext) this.version = frame.version;
      this.waiting.push([frame, isNext]);
    } else {
      this.tell('settled', frame.ref);
      this.show(frame);
      this.on_noop(frame);
    }
  }

  on_html_update(frame) {
    this.on_patch(frame);
  }

  // Ends what a frame answers, and shows what has waited for that.
  on_noop({ ref, async_pending: goesOn }) {
    const { event, end } = this.pending.get(ref) ?? {};
    this.pending.delete(ref);
    this.tell('settled', ref);
    if (goesOn) this.working.set(event, end);
    else end?.();
    while (!this.pending.size && this.waiting.length) this.show(...this.waiting.shift());
  }

  show(frame, isCounted) {
    const { version, patches, html, source, event_name: event } = frame;
    if (version !== undefined && !isCounted) {
      if (version !== (this.version ?? version - 1) + 1 && !frame.hotreload) {
        this.socket.send({ type: 'request_html' });
        return;
      }
      this.version = version;
    }
    const since = performance.now();
    let failed = [];
    if (patches?.length) this.change(() => (failed = apply(patches, this.root)));
    else if (html) this.change(() => become(html, this.root));
    const report = this.debug.frame(frame, performance.now() - since, failed);
    if (this.reports) this.socket.send({ type: 'client_applied', ...report });
    if (failed.length) {
      this.version = version - 1;
      this.socket.send({ type: 'request_html' });
    }
    if (frame.reset_form) this.root.querySelector('form')?.reset();
    if (source === 'async' && !frame.async_pending) this.working.get(event)?.();
  }

  on_html_recovery({ version, html }) {
    this.version = version;
    this.change(() => become(html, this.root));
  }

  change(action) {
    this.tell('before');
    action();
    this.tell('after');
  }

  // djust's errors do not say which event they answer.
  on_error(frame) {
    console.error(frame.error ?? frame.message, frame.traceback ?? '');
    if (this.pending.has(frame.ref)) this.tell('forgotten', frame.ref);
    else this.forget();
    this.on_noop(frame);
    if (frame.recoverable === false) location.reload();
    else window.dispatchEvent(new CustomEvent('djust:error', { detail: frame }));
  }

  on_rate_limit_exceeded(frame) {
    this.on_error(frame);
  }

  // No event will be answered any more.
  forget() {
    this.tell('forgotten');
    for (const { end } of this.pending.values()) end();
    this.pending.clear();
  }

  on_push_event({ event, payload }) {
    window.dispatchEvent(new CustomEvent('djust:push_event', { detail: { event, payload } }));
  }

  on_reload() {
    location.reload();
  }
}
