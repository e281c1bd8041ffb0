// What a page shows while an event is on its way.

const MODES = ['', '.disable', '.show', '.hide', '.class', '.for'];
const SELECTOR = MODES.map(mode => `[dj-loading${CSS.escape(mode)}]`).join(',');

// The event whose progress an element shows.
function eventOf(element) {
  const named = element.getAttribute('dj-loading') || element.getAttribute('dj-loading.for');
  if (named) return named;
  const binding = Array.from(element.attributes).find(({ name }) => /^dj-(?!loading|id$|key$)/.test(name));
  return binding?.value ?? null;
}

// Adds a class; the function that is returned leaves no trace of it.
function addClass(element, name) {
  const had = element.hasAttribute('class');
  element.classList.add(name);
  return () => {
    element.classList.remove(name);
    if (!had && !element.getAttribute('class')) element.removeAttribute('class');
  };
}

function display(element, value) {
  const before = element.style.display;
  element.style.display = value;
  return () => {
    element.style.display = before;
    if (!element.getAttribute('style')) element.removeAttribute('style');
  };
}

function disable(element) {
  const before = element.disabled;
  element.disabled = true;
  return () => {
    element.disabled = before;
  };
}

function show(element) {
  const undo = [];
  const mode = name => element.getAttribute(`dj-loading${name}`);
  if (mode('.disable') !== null) undo.push(disable(element));
  if (mode('.hide') !== null) undo.push(display(element, 'none'));
  if (mode('.show') !== null) undo.push(display(element, mode('.show') || 'block'));
  if (mode('') !== null) undo.push(display(element, 'block'));
  if (mode('.class')) undo.push(...mode('.class').split(/\s+/).filter(Boolean).map(name => addClass(element, name)));
  return undo;
}

const prepared = new WeakSet();

// Hides what is to be seen only during an event.
export function prepare(root) {
  for (const element of root.querySelectorAll('[dj-loading]')) {
    if (!prepared.has(element)) element.style.display = 'none';
    prepared.add(element);
  }
}

// Shows that an event is under way; the function that is returned ends it.
export function begin(event, trigger, root) {
  const undo = [addClass(document.body, 'djust-global-loading')];
  if (trigger) undo.push(addClass(trigger, 'djust-loading'));
  for (const element of root.querySelectorAll(SELECTOR)) {
    if (eventOf(element) === event) undo.push(...show(element));
  }
  return () => undo.splice(0).reverse().forEach(step => step());
}
