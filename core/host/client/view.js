// The view of a page: what it sends to the server and what the server's frames do to it.

import { Cache } from './cache.js';
import { Hooks } from './hooks.js';
import { ofHandler } from './limits.js';
import { begin, prepare } from './loading.js';
import { become } from './morph.js';
import { apply } from './patches.js';
import { Socket } from './socket.js';

// What the server sends unasked waits until no event is under way: the answer to that counts on the page as it was.
const UNASKED = /^(tick|broadcast|async)$/;

export class View {
  pending = new Map();
  working = new Map();
  waiting = [];
  limits = new Map();
  lastRef = 0;
  cache = new Cache();
  hooks = new Hooks((event, params = {}) => this.socket.send({ type: 'event', event, params }));

  constructor(root, url, debug, navigation) {
    Object.assign(this, { root, debug, navigation });
    prepare(root);
    this.socket = new Socket(url, frame => this[`on_${frame.type}`]?.(frame), () => {
      this.forget();
      this.connected(false);
    });
  }

  connected(is) {
    this.isMounted = is;
    document.body.classList.toggle('dj-connected', is);
    document.body.classList.toggle('dj-disconnected', !is);
    this.hooks.all(is ? 'reconnected' : 'disconnected');
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
    const known = this.cache.known(event, parameters);
    if (known) {
      this.change(() => apply(known, this.root));
      return;
    }
    const ref = ++this.lastRef;
    const end = event === 'update_model' ? () => {} : begin(event, element, this.root);
    this.pending.set(ref, { event, end });
    this.debug.event(ref, event, parameters, element);
    this.socket.send({ type: 'event', event, params: this.cache.asking(event, parameters), ref });
  }

  // Sends what waits for a pause.
  flush() {
    for (const limited of this.limits.values()) limited.flush();
  }

  on_connect() {
    this.mount('mount', this.root.getAttribute('dj-view'), new URL(location));
  }

  on_mount({ version, html, cache_config: cached, handler_config: limits = {}, upload_configs: uploads = {} }) {
    Object.assign(this, { version, uploads, cache: new Cache(cached) });
    for (const limited of this.limits.values()) limited.cancel();
    this.limits.clear();
    for (const name in limits) {
      const limited = ofHandler(limits[name], (...event) => this.dispatch(...event));
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
    this.cache.keep(frame);
    const since = performance.now();
    let failed = [];
    if (patches?.length) this.change(() => (failed = apply(patches, this.root)));
    else if (html) this.change(() => become(html, this.root));
    this.debug.frame(frame, performance.now() - since, failed);
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

  on_embedded_update(frame) {
    const child = this.root.querySelector(`[data-djust-embedded="${CSS.escape(frame.view_id)}"]`);
    if (child) this.change(() => become(frame.html, child));
    this.on_noop(frame);
  }

  change(action) {
    this.hooks.all('beforeUpdate');
    action();
    prepare(this.root);
    this.hooks.changed(this.root);
  }

  // An error does not say which event it answers.
  on_error(frame) {
    console.error(frame.error ?? frame.message, frame.traceback ?? '');
    this.forget();
    if (frame.recoverable === false) location.reload();
    else window.dispatchEvent(new CustomEvent('djust:error', { detail: frame }));
  }

  on_rate_limit_exceeded(frame) {
    this.on_error(frame);
  }

  forget() {
    for (const { end } of this.pending.values()) end();
    this.pending.clear();
    this.waiting = [];
  }

  on_push_event({ event, payload }) {
    window.dispatchEvent(new CustomEvent('djust:push_event', { detail: { event, payload } }));
    this.hooks.tell(event, payload);
  }

  on_navigation(frame) {
    this.navigation.told(frame);
  }

  on_page_metadata({ action, value }) {
    if (action === 'title') document.title = value;
  }

  on_reload() {
    location.reload();
  }
}
