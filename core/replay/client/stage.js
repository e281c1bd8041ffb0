// In the recorded page, before all of its scripts: a socket that is none, and hands off what the user does.
(() => {
  const script = document.currentScript;
  const { outer, socket: path, left } = script.dataset;
  script.remove();
  const tell = message => window.parent.postMessage(message, outer);
  if (left !== undefined) {
    document.documentElement.append('The page went on to another one here. A later turn shows it.');
    tell({ djscope: 'left' });
    return;
  }

  // Frames of the server may not leave by another way than `fetch`, which the policy of the page rules.
  delete window.RTCPeerConnection;
  delete window.webkitRTCPeerConnection;

  let socket = null;
  let given = [];

  // Looks like a WebSocket. What is sent goes nowhere; what comes was recorded.
  class Recorded extends EventTarget {
    static CONNECTING = 0;
    static OPEN = 1;
    static CLOSING = 2;
    static CLOSED = 3;
    CONNECTING = 0;
    OPEN = 1;
    CLOSING = 2;
    CLOSED = 3;
    readyState = 0;
    binaryType = 'blob';
    bufferedAmount = 0;
    extensions = '';
    protocol = '';

    constructor(url) {
      super();
      this.url = new URL(url, location.href).href;
      if (new URL(this.url).pathname !== path || socket) return;
      socket = this;
      setTimeout(() => {
        this.readyState = 1;
        this.tell(new Event('open'));
        play();
      });
    }

    tell(event) {
      this.dispatchEvent(event);
      this[`on${event.type}`]?.call(this, event);
    }

    send(data) {
      if (this.readyState !== 1) return;
      const frame = typeof data === 'string' ? parsed(data) : {};
      if (frame.type === 'ping') this.answer({ type: 'pong' });
      // What a page sends by itself must not keep it waiting for an answer.
      else if (frame.type === 'event') this.answer({ type: 'noop', source: 'event', event_name: frame.event, ref: frame.ref });
    }

    answer(frame) {
      setTimeout(() => this.take(JSON.stringify(frame)));
    }

    take(data) {
      if (this.readyState === 1) this.tell(new MessageEvent('message', { data, origin: location.origin.replace('http', 'ws') }));
    }

    close() {
      this.readyState = 3;
      if (socket === this) tell({ djscope: 'left' });
    }
  }

  function parsed(text) {
    try {
      return JSON.parse(text) ?? {};
    } catch {
      return {};
    }
  }

  window.WebSocket = Recorded;
  window.EventSource = class extends EventTarget {
    readyState = 0;
    close() {}
  };

  let isPlaying = false;

  // Gives what has come to the client, each when the one before was taken: frames once the socket is open, answers over HTTP
  // by having the client ask.
  async function play() {
    if (isPlaying) return;
    isPlaying = true;
    while (given.length && (typeof given[0] === 'object' || socket?.readyState === 1)) {
      const next = given.shift();
      if (typeof next === 'string') socket.take(next);
      else await post(next);
    }
    isPlaying = false;
  }

  const fetched = window.fetch;
  let answers = [];

  // djust's client sends its events over HTTP while its socket has no view.
  window.fetch = async (address, options) => {
    if (!/^post$/i.test(options?.method)) return fetched.call(window, address, options);
    const answer = answers.shift();
    return new Response(answer ?? '', { status: answer === undefined ? 405 : 200, headers: { 'content-type': 'application/json' } });
  };

  async function post({ event, params, answer }) {
    answers = [answer];
    try {
      await window.djust?.handleEvent?.(event, params);
    } catch (error) {
      console.error(error);
    }
    answers = [];
  }

  // The page counts as quiet when nothing has changed for a while and it has what it was given.
  const QUIET = 150;
  // A client may do more about its mount after a picture was drawn, or a quarter of a second later.
  const QUIET_AFTER_MOUNT = 400;
  const PATIENCE = 4000;
  let changed = [];
  let since = 0;

  new MutationObserver(records => {
    since = performance.now();
    changed.push(...records);
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });

  function quiet(frames) {
    const isMount = frames.some(frame => typeof frame === 'string' && /^(mount|mount_batch)$/.test(parsed(frame).type));
    const time = isMount ? QUIET_AFTER_MOUNT : QUIET;
    const start = performance.now();
    since = start;
    return new Promise(resolve => {
      const look = () => {
        const now = performance.now();
        const isReady = document.readyState === 'complete' && !given.length && !isPlaying;
        if ((isReady && now - since > time) || now - start > PATIENCE) resolve();
        else setTimeout(look, 20);
      };
      look();
    });
  }

  const placeOf = element => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return { left, top, width, height };
  };

  // Where the page has changed; what is out of sight comes into it.
  function places(records) {
    const elements = new Set();
    for (const { type, target, addedNodes } of records) {
      const nodes = type === 'childList' ? addedNodes : [target];
      for (const node of nodes) elements.add(node.nodeType === 1 ? node : node.parentElement);
    }
    const visible = [...elements].filter(element => {
      return element?.isConnected && element !== document.body && element !== document.documentElement
        && !element.closest('head') && element.getClientRects().length;
    });
    const isInSight = element => {
      const { top, bottom } = element.getBoundingClientRect();
      return bottom > 0 && top < innerHeight;
    };
    if (visible.length && !visible.some(isInSight)) visible[0].scrollIntoView({ block: 'center' });
    return visible.slice(0, 200).map(placeOf);
  }

  window.addEventListener('message', async ({ source, origin, data }) => {
    if (source !== window.parent || origin !== outer || data?.djscope !== 'frames') return;
    changed = [];
    given.push(...data.frames);
    play();
    await quiet(data.frames);
    tell({ djscope: 'quiet', places: data.isFlashing ? places(changed) : [] });
  });

  // What the user does stays here: the page must remain as it was recorded.
  const DEEDS = ['click', 'auxclick', 'dblclick', 'mousedown', 'pointerdown', 'touchstart', 'submit', 'beforeinput', 'input', 'change',
    'keydown', 'keypress', 'keyup', 'focus', 'focusin', 'blur', 'focusout', 'paste', 'cut', 'drop', 'dragstart'];
  const SCROLLS = /^(Arrow(Up|Down)|Page(Up|Down)|Home|End|Tab|Shift|Control|Alt|Meta|F\d+)$/;
  for (const type of DEEDS) window.addEventListener(type, caught, { capture: true, passive: false });

  function caught(event) {
    if (!event.isTrusted) return;
    event.stopImmediatePropagation();
    const isKey = type => event.type === type && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (isKey('keydown') && /^Arrow(Left|Right)$/.test(event.key)) tell({ djscope: 'key', key: event.key });
    if (event.type.startsWith('key') && (SCROLLS.test(event.key) || event.ctrlKey || event.metaKey)) return;
    if (!/^(focus|blur)/.test(event.type)) event.preventDefault();
    if (event.type === 'click') explain(event);
  }

  const selectorOf = element => {
    const name = element.localName;
    return element.id ? `${name}#${element.id}` : element.name ? `${name}[name=${element.name}]` : name;
  };

  // Says what a click would have sent.
  async function explain({ target }) {
    const element = target.closest?.('[dj-click], [dj-submit] [type=submit], [dj-submit] button:not([type=button]), a[href], [dj-input], [dj-change], [dj-model]')
      ?? target;
    const { parametersOf, placeOf: componentOf, handlerOf, valuesOf, fieldOf } = await import('/__djscope/client/parameters.js');
    const sent = (attribute, parameters) => {
      const { name, positional } = handlerOf(attribute);
      return `would send ${name} ${JSON.stringify({ ...parameters, ...positional, ...componentOf(element) })}`;
    };
    const form = element.closest('[dj-submit]');
    const isSubmit = form && element.matches('[type=submit], button:not([type=button])');
    const ofField = () => ({ value: element.type === 'checkbox' ? !element.checked : element.value, field: fieldOf(element) });
    let text = 'sends nothing';
    if (element.hasAttribute('dj-click')) text = sent(element.getAttribute('dj-click'), parametersOf(element));
    else if (isSubmit) text = sent(form.getAttribute('dj-submit'), { ...Object.fromEntries(new FormData(form)), ...valuesOf(form) });
    else if (element.matches('a[href]')) text = `would go to ${element.getAttribute('href')}`;
    else {
      const bound = ['dj-input', 'dj-change', 'dj-model'].find(name => element.hasAttribute(name));
      if (bound === 'dj-model') text = `would send update_model ${JSON.stringify(ofField())}`;
      else if (bound) text = sent(element.getAttribute(bound), ofField());
    }
    tell({ djscope: 'said', text: `${selectorOf(element)} ${text}`, place: placeOf(element) });
  }

  const ready = () => tell({ djscope: 'ready' });
  if (document.readyState === 'complete') ready();
  else window.addEventListener('load', ready);
})();
