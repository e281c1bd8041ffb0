// What a page shows while an event is on its way.

const SELECTOR = ['', '.disable', '.show', '.hide', '.class'].map(mode => `[dj-loading${CSS.escape(mode)}]`).join();
const prepared = new WeakSet();

// The event whose progress an element shows.
function eventOf(element) {
  return element.getAttribute('dj-loading') || element.getAttribute('dj-loading.for')
    || [...element.attributes].find(({ name }) => /^dj-(?!loading|id$|key$)/.test(name))?.value;
}

// These change an element and return what undoes it without a trace.
function addClass(element, name) {
  element.classList.add(name);
  return () => {
    element.classList.remove(name);
    if (!element.className) element.removeAttribute('class');
  };
}

function set(owner, name, value) {
  const before = owner[name];
  owner[name] = value;
  return () => {
    owner[name] = before;
  };
}

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
    if (eventOf(element) !== event) continue;
    const mode = name => element.getAttribute(`dj-loading${name}`);
    const shown = mode('.show') ?? (mode('') === null ? null : 'block');
    if (mode('.disable') !== null) undo.push(set(element, 'disabled', true));
    if (mode('.hide') !== null) undo.push(set(element.style, 'display', 'none'));
    if (shown !== null) undo.push(set(element.style, 'display', shown || 'block'));
    if (mode('.class')) undo.push(addClass(element, mode('.class')));
  }
  return () => undo.splice(0).reverse().forEach(step => step());
}
