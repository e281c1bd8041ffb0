// What the user has typed, chosen and selected, which outlives what the server sends.

import { setAttribute } from './nodes.js';

const isField = node => ['INPUT', 'TEXTAREA', 'SELECT'].includes(node.tagName);

// Where the focus is, to be given back by the function that is returned: a moved element loses it.
export function keepFocus(root) {
  const active = document.activeElement;
  if (!active || active === document.body || !root.contains(active)) return () => {};
  const selection = 'selectionStart' in active ? [active.selectionStart, active.selectionEnd] : null;
  const scroll = [active.scrollTop, active.scrollLeft];
  const name = active.getAttribute('name');
  const id = active.getAttribute('dj-id');
  return () => {
    if (document.activeElement === active) return;
    const again = active.isConnected ? active
      : (active.id && document.getElementById(active.id))
        || (name && root.querySelector(`[name="${CSS.escape(name)}"]`))
        || (id && root.querySelector(`[dj-id="${CSS.escape(id)}"]`));
    if (!again || again.tagName !== active.tagName) return;
    again.focus({ preventScroll: true });
    // A field that replaces another one goes on with what was typed there.
    if (again !== active && isField(again) && again.value !== active.value) again.value = active.value;
    if (selection && selection[0] !== null) again.setSelectionRange(...selection);
    [again.scrollTop, again.scrollLeft] = scroll;
  };
}

// The text of a text area is its value only until somebody types in it.
export function showText(area) {
  if (area.tagName === 'TEXTAREA' && area !== document.activeElement) area.value = area.textContent;
}

// Sets an attribute and what the user sees of it, except under the user's hands.
export function change(element, name, value) {
  setAttribute(element, name, value);
  if (element.tagName === 'OPTION' && name === 'selected') element.selected = true;
  if (!isField(element)) return;
  if (name === 'checked') element.checked = true;
  if (name === 'value' && element !== document.activeElement && element.type !== 'file') element.value = value;
  // Another name is another field, to which nothing was typed.
  if (name === 'name') element.value = element.getAttribute('value') ?? '';
}

// The same of an attribute that goes. Bindings stay, as the server also never takes them away.
export function clear(element, name) {
  if (name.startsWith('dj-')) return;
  if (name === 'checked' && element.tagName === 'INPUT') element.checked = false;
  if (name === 'selected' && element.tagName === 'OPTION') element.selected = false;
  element.removeAttribute(name);
}

// Shows the value of `wanted` in `field`, when a whole page came.
export function adopt(field, wanted) {
  if (!isField(field) || field.type === 'file') return;
  const forces = field.hasAttribute('dj-force-value');
  if (field === document.activeElement && !forces) return;
  if (field.type === 'checkbox' || field.type === 'radio') field.checked = wanted.checked;
  else if (field.value !== wanted.value) field.value = wanted.value;
}
