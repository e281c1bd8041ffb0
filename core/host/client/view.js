// The view of a page: what it sends to the server and what the server's frames do to it.

import { Cache } from './cache.js';
import { Hooks } from './hooks.js';
import { ofHandler } from './limits.js';
import { begin, prepare } from './loading.js';
import { become } from './morph.js';
import { apply } from './patches.js';
import { Socket } from './socket.js';

// What the server sends without being asked waits until no event is under way: the answer counts on the page as it
// was when the event was sent.
const UNASKED = new Set(['tick', 'broadcast', 'async']);

export class View {
  constructor(root, url, debug, navigate) {
    Object.assign(this, { root, debug, navigate, version: null, isMounted: false });
    this.pending = new Map();
    this.working = new Map();
    this.waiting = [];
    this.limits = new Map();
    this.lastRef = 0;
    this.hooks = new Hooks((event, payload) => this.socket.send({ type: 'event', event, params: payload }));
    this.cache = new Cache();
    prepare(root);
    this.socket = new Socket(url, {
      receive: frame => this.receive(frame),
      lost: () => {
        this.isMounted = false;
        this.forget();
        this.connected(false);
      },
    });
  }

  connected(is) {
    document.body.classList.toggle('dj-connected', is);
    document.body.classList.toggle('dj-disconnected', !is);
    this.hooks.all(is ? 'reconnected' : 'disconnected');
  }

  mount(type, view, url) {
    this.socket.send({
      type,
      view,
      params: Object.fromEntries(url.searchParams),
      url: url.pathname,
      has_prerendered: type === 'mount' && Boolean(this.root.innerHTML.trim()),
      client_timezone: Intl.DateTimeFormat().resolvedOptions().timeZone ?? null,
    });
  }

  // Sends an event, as often as its handler wants it.
  event(name, parameters, element) {
    const limited = this.limits.get(name);
    if (limited) limited(name, parameters, element);
    else this.dispatch(name, parameters, element);
  }

  dispatch(event, parameters, element) {
    if (!this.isMounted) return;
    const known = this.cache.known(event, parameters);
    if (known) {
      this.change(() => apply(known, this.root));
      return;
    }
    const ref = ++this.lastRef;
    const isQuiet = event === 'update_model';
    this.pending.set(ref, { event, end: isQuiet ? () => {} : begin(event, element, this.root) });
    this.debug.event(ref, event, parameters, element);
    this.socket.send({ type: 'event', event, params: this.cache.asking(event, parameters), ref });
  }

  // Sends what waits for a pause.
  flush() {
    for (const limited of this.limits.values()) limited.flush();
  }

  receive(frame) {
    switch (frame.type) {
      case 'connect':
        this.mount('mount', this.root.getAttribute('dj-view'), new URL(location));
        break;
      case 'mount':
        this.mounted(frame);
        break;
      case 'patch':
      case 'html_update':
        this.answered(frame);
        break;
      case 'html_recovery':
        this.version = frame.version;
        this.change(() => become(frame.html, this.root));
        break;
      case 'embedded_update': {
        const child = this.root.querySelector(`[data-djust-embedded="${CSS.escape(frame.view_id)}"]`);
        if (child) this.change(() => become(frame.html, child));
        this.done(frame);
        break;
      }
      case 'noop':
        this.done(frame);
        break;
      case 'error':
      case 'rate_limit_exceeded':
        this.refused(frame);
        break;
      case 'push_event':
        window.dispatchEvent(new CustomEvent('djust:push_event', { detail: { event: frame.event, payload: frame.payload } }));
        this.hooks.tell(frame.event, frame.payload);
        break;
      case 'navigation':
        this.navigate.told(frame);
        break;
      case 'page_metadata':
        if (frame.action === 'title') document.title = frame.value;
        else document.querySelector(`meta[name="${CSS.escape(frame.name)}"]`)?.setAttribute('content', frame.content);
        break;
      case 'reload':
        location.reload();
        break;
    }
  }

  mounted(frame) {
    this.isMounted = true;
    this.version = frame.version ?? null;
    this.cache = new Cache(frame.cache_config);
    for (const limited of this.limits.values()) limited.cancel();
    this.limits.clear();
    for (const [name, config] of Object.entries(frame.handler_config ?? {})) {
      const limited = ofHandler(config, (...event) => this.dispatch(...event));
      if (limited) this.limits.set(name, limited);
    }
    this.change(() => frame.html && become(frame.html, this.root));
    for (const element of document.querySelectorAll('[dj-cloak]')) element.removeAttribute('dj-cloak');
    this.connected(true);
  }

  answered(frame) {
    const isAnswer = this.pending.has(frame.ref);
    if (!isAnswer && UNASKED.has(frame.source) && this.pending.size) {
      // Its version counts now: the server has numbered the answer after it.
      const isNext = frame.version === this.version + 1;
      if (isNext) this.version = frame.version;
      this.waiting.push([frame, isNext]);
      return;
    }
    this.show(frame, false);
    this.done(frame);
  }

  // Ends what a frame answers, and shows what has waited for that.
  done({ ref, async_pending: goesOn }) {
    const asked = this.pending.get(ref);
    this.pending.delete(ref);
    if (asked && goesOn) this.working.set(asked.event, asked.end);
    else asked?.end();
    while (!this.pending.size && this.waiting.length) this.show(...this.waiting.shift());
  }

  show(frame, isCounted) {
    const { version } = frame;
    if (version !== undefined && !isCounted) {
      if (this.version !== null && version !== this.version + 1 && !frame.hotreload) {
        this.socket.send({ type: 'request_html' });
        return;
      }
      this.version = version;
    }
    this.cache.keep(frame);
    const since = performance.now();
    let failed = [];
    if (frame.patches?.length) this.change(() => (failed = apply(frame.patches, this.root)));
    else if (frame.html) this.change(() => become(frame.html, this.root));
    this.debug.frame(frame, performance.now() - since, failed);
    if (failed.length) {
      console.warn('patches found nothing to change:', failed);
      this.version = version - 1;
      this.socket.send({ type: 'request_html' });
    }
    if (frame.reset_form) this.root.querySelector('form')?.reset();
    if (frame.source === 'async' && !frame.async_pending) {
      this.working.get(frame.event_name)?.();
      this.working.delete(frame.event_name);
    }
  }

  change(action) {
    this.hooks.before();
    action();
    prepare(this.root);
    this.hooks.after(this.root);
  }

  // An error does not say which event it answers.
  refused(frame) {
    console.error('the server refuses:', frame.error ?? frame.message, frame.traceback ?? '');
    this.forget();
    if (frame.recoverable === false) location.reload();
    else window.dispatchEvent(new CustomEvent('djust:error', { detail: frame }));
  }

  forget() {
    for (const { end } of this.pending.values()) end();
    this.pending.clear();
    this.waiting = [];
  }
}
