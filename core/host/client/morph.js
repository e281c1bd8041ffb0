// A page made like another one that came whole, keeping every element that both have.

import { adopt, keepingFocus, showText } from './fields.js';
import { parse } from './nodes.js';

// Gives `root` the content of `html`, which is a fragment or the root itself.
export function become(html, root) {
  const fragment = parse(html, root);
  const only = fragment.children.length === 1 && fragment.querySelector(':scope > [dj-root]');
  keepingFocus(root, () => children(root, only || fragment));
}

const nameOf = node => (node.nodeType === 1 && (node.id || node.getAttribute('dj-key') || node.dataset?.key)) || '';
const fits = (old, wanted) => old.nodeName === wanted.nodeName && nameOf(old) === nameOf(wanted);
const isSpace = node => node.nodeType === 3 && !node.data.trim();

function children(parent, wanted) {
  const named = new Map([...parent.childNodes].reverse().map(child => [nameOf(child), child]));
  const kept = new Set();
  for (const want of [...wanted.childNodes]) {
    let next = parent.firstChild;
    while (next && kept.has(next)) next = next.nextSibling;
    let old = nameOf(want) ? named.get(nameOf(want)) : next;
    // Space between the elements of a page that was written by hand is not in what the server sends.
    while (old && (kept.has(old) || isSpace(old)) && !isSpace(want)) old = old.nextSibling;
    if (!old || kept.has(old) || !fits(old, want)) {
      parent.insertBefore(want, next);
      kept.add(want);
      continue;
    }
    kept.add(old);
    if (old !== next) parent.insertBefore(old, next);
    node(old, want);
  }
  for (const child of [...parent.childNodes]) {
    if (!kept.has(child)) child.remove();
  }
}

function node(old, want) {
  if (old.nodeType !== 1) {
    if (old.data !== want.data) old.data = want.data;
    return;
  }
  const update = old.getAttribute('dj-update');
  if (update === 'ignore') return;
  for (const { name } of [...old.attributes]) {
    if (!want.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const attribute of want.attributes) {
    if (old.getAttribute(attribute.name) !== attribute.value) old.setAttributeNode(attribute.cloneNode());
  }
  if (update === 'append' || update === 'prepend') {
    const known = new Set([...old.children].map(nameOf));
    old[update](...[...want.children].filter(child => !known.has(nameOf(child))));
    return;
  }
  children(old, want);
  adopt(old, want);
  showText(old);
}
