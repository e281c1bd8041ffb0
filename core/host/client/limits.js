// How often something may happen. What is limited can be made to happen now by `flush`, or not at all by `cancel`.

function limit(start) {
  const state = { timer: null, last: null };
  const fire = () => {
    clearTimeout(state.timer);
    state.timer = null;
    const last = state.last;
    state.last = null;
    if (last) state.run(...last);
  };
  const limited = (...parameters) => start(state, parameters, fire);
  limited.flush = () => state.last && fire();
  limited.cancel = () => {
    clearTimeout(state.timer);
    state.timer = state.last = null;
  };
  return limited;
}

// Runs once nothing was asked for during `wait` ms, at the latest after `most` ms, with what was asked for last.
export function debounce(run, wait, most = Infinity) {
  let since = 0;
  return limit((state, parameters, fire) => {
    if (!state.last) since = performance.now();
    Object.assign(state, { run, last: parameters });
    clearTimeout(state.timer);
    state.timer = setTimeout(fire, Math.min(wait, Math.max(0, since + most - performance.now())));
  });
}

// Runs at most once in `interval` ms: at once if `leading`, and what came last afterwards if `trailing`.
export function throttle(run, interval, { leading = true, trailing = true } = {}) {
  return limit((state, parameters, fire) => {
    state.run = (...last) => {
      state.timer = setTimeout(fire, interval);
      run(...last);
    };
    if (state.timer === null && leading) state.run(...parameters);
    else if (trailing) state.last = parameters;
    state.timer ??= setTimeout(fire, interval);
  });
}

// What djust does to `dj-input` if nothing is said: typing waits for a pause, sliding does not flood.
export function ofType(type, run) {
  if (/^(radio|checkbox|select-.*)$/.test(type)) return run;
  if (/^(range|color|number)$/.test(type)) return throttle(run, type === 'number' ? 100 : 150);
  return debounce(run, 300);
}

// The limit that an element asks for by its attributes, if any. Of two clicks the second may be meant to be lost, but the
// last of what was typed counts.
export function ofAttributes(element, run, trailing) {
  const ask = name => element.getAttribute(`dj-${name}`) ?? element.getAttribute(`data-${name}`);
  const [pause, interval] = [ask('debounce'), ask('throttle')];
  if (pause === 'blur') {
    const limited = debounce(run, 2 ** 31 - 1);
    element.addEventListener('blur', limited.flush);
    return limited;
  }
  if (pause !== null) return debounce(run, Number.parseInt(pause, 10) || 0);
  return interval === null ? null : throttle(run, Number.parseInt(interval, 10) || 0, { trailing });
}

// The limit that a handler asks for in the mount frame, if any; its times are seconds.
export function ofHandler({ debounce: pause, throttle: interval }, run) {
  if (pause) return debounce(run, (pause.wait ?? 0.3) * 1000, (pause.max_wait ?? Infinity) * 1000);
  return interval ? throttle(run, (interval.interval ?? 0.1) * 1000, interval) : null;
}
