// How often something may happen.

// Runs once nothing was asked for during `wait` ms, at the latest after `most` ms, with what was asked for last.
export function debounce(run, wait, most = Infinity) {
  let timer = null;
  let since = 0;
  let last = null;
  const fire = () => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    run(...last);
  };
  const limited = (...parameters) => {
    const now = performance.now();
    if (timer === null) since = now;
    clearTimeout(timer);
    last = parameters;
    timer = setTimeout(fire, Math.min(wait, Math.max(0, since + most - now)));
  };
  limited.flush = fire;
  limited.cancel = () => {
    clearTimeout(timer);
    timer = null;
  };
  return limited;
}

// Runs at most once in `interval` ms: at once if `leading`, and what came last afterwards if `trailing`.
export function throttle(run, interval, { leading = true, trailing = true } = {}) {
  let timer = null;
  let last = null;
  const fire = () => {
    timer = null;
    if (last === null) return;
    const parameters = last;
    last = null;
    timer = setTimeout(fire, interval);
    run(...parameters);
  };
  const limited = (...parameters) => {
    if (timer === null && leading) {
      timer = setTimeout(fire, interval);
      run(...parameters);
      return;
    }
    if (trailing) last = parameters;
    timer ??= setTimeout(fire, interval);
  };
  limited.flush = () => {
    if (last === null) return;
    clearTimeout(timer);
    fire();
  };
  limited.cancel = () => {
    clearTimeout(timer);
    timer = last = null;
  };
  return limited;
}

// Runs when the focus leaves the element.
export function untilLeft(run, element) {
  let last = null;
  const limited = (...parameters) => {
    last = parameters;
  };
  limited.flush = () => {
    if (last === null) return;
    const parameters = last;
    last = null;
    run(...parameters);
  };
  limited.cancel = () => {
    last = null;
  };
  element.addEventListener('blur', limited.flush);
  return limited;
}

// What djust does to `dj-input` if nothing is said: typing waits for a pause, sliding does not flood.
const TYPES = new Map([
  ['range', run => throttle(run, 150)],
  ['color', run => throttle(run, 150)],
  ['number', run => throttle(run, 100)],
  ...['radio', 'checkbox', 'select-one', 'select-multiple'].map(type => [type, run => run]),
]);

export function ofType(type, run) {
  return (TYPES.get(type) ?? (run => debounce(run, 300)))(run);
}

// The limit that an element asks for by its attributes, if any.
export function ofAttributes(element, run) {
  const ask = name => element.getAttribute(`dj-${name}`) ?? element.getAttribute(`data-${name}`);
  const pause = ask('debounce');
  if (pause === 'blur') return untilLeft(run, element);
  if (pause !== null) return debounce(run, Number.parseInt(pause, 10) || 0);
  const interval = ask('throttle');
  return interval === null ? null : throttle(run, Number.parseInt(interval, 10) || 0);
}

// The limit that a handler asks for in the mount frame, if any; its times are seconds.
export function ofHandler({ debounce: pause, throttle: interval } = {}, run) {
  if (pause) return debounce(run, (pause.wait ?? 0.3) * 1000, (pause.max_wait ?? Infinity) * 1000);
  if (interval) return throttle(run, (interval.interval ?? 0.1) * 1000, interval);
  return null;
}
