// What the user has typed, chosen and selected, which outlives what the server sends.

import { setAttribute } from './nodes.js';

const isField = node => /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName);
// A field that is on its way to another place has lost the focus, but the user is still in it.
let held = null;
const isActive = node => node === document.activeElement || node === held;

// Returns what takes the class away without a trace.
export function addClass(element, name) {
  if (element.classList.contains(name)) return () => {};
  element.classList.add(name);
  return () => {
    element.classList.remove(name);
    if (!element.className) element.removeAttribute('class');
  };
}

// Does what moves or replaces elements, and gives the focus back to the one that had it.
export function keepingFocus(root, action) {
  const active = document.activeElement;
  if (!root.contains(active)) return action();
  const { selectionStart, selectionEnd, scrollTop, scrollLeft, id, name, tagName } = active;
  held = active;
  const result = action();
  held = null;
  if (isActive(active)) return result;
  const alike = [id && `#${CSS.escape(id)}`, name && `[name="${CSS.escape(name)}"]`].filter(Boolean).join();
  const again = active.isConnected ? active : alike && root.querySelector(alike);
  if (again?.tagName !== tagName) return result;
  again.focus({ preventScroll: true });
  if (isField(again) && again !== active) again.value = active.value;
  if (Number.isInteger(selectionStart)) again.setSelectionRange(selectionStart, selectionEnd);
  return Object.assign(again, { scrollTop, scrollLeft }) && result;
}

// The text of a text area is its value only until somebody types in it.
export function showText(area) {
  if (area.tagName === 'TEXTAREA' && !isActive(area)) area.value = area.textContent;
}

// Sets an attribute and what the user sees of it, except under the user's hands.
export function change(element, name, value) {
  setAttribute(element, name, value);
  if (name === 'selected' || name === 'checked') element[name] = true;
  if (!isField(element)) return;
  if (name === 'value' && !isActive(element)) element.value = value;
  // Another name is another field, to which nothing was typed.
  if (name === 'name') element.value = element.getAttribute('value') ?? '';
}

// Bindings stay, as the server also never takes them away.
export function clear(element, name) {
  if (name.startsWith('dj-')) return;
  if (name === 'selected' || name === 'checked') element[name] = false;
  element.removeAttribute(name);
}

// Shows what `wanted` holds, when a whole page came.
export function adopt(field, wanted) {
  if (!isField(field) || field.type === 'file' || (isActive(field) && !field.hasAttribute('dj-force-value'))) return;
  if (/checkbox|radio/.test(field.type)) field.checked = wanted.checked;
  else if (field.value !== wanted.value) field.value = wanted.value;
}
