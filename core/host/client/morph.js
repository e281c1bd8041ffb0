// A page made like another one that came whole, keeping every element that both have.

import { adopt, keepFocus, showText } from './fields.js';
import { parse } from './nodes.js';

// Gives `root` the content of `html`, which is a fragment or the root itself.
export function become(html, root) {
  const giveBackFocus = keepFocus(root);
  const fragment = parse(html, root);
  const only = fragment.children.length === 1 ? fragment.firstElementChild : null;
  const isRoot = only && (only.hasAttribute('dj-root') || only.hasAttribute('dj-view')) && !only.hasAttribute('data-djust-embedded');
  children(root, isRoot ? only : fragment);
  giveBackFocus();
}

const nameOf = node => node.nodeType === Node.ELEMENT_NODE
  ? node.id || node.getAttribute('dj-key') || node.getAttribute('data-key') || ''
  : '';

function fits(old, wanted) {
  return old.nodeType === wanted.nodeType && old.nodeName === wanted.nodeName && nameOf(old) === nameOf(wanted);
}

function children(parent, wanted) {
  const named = new Map();
  for (const child of parent.childNodes) {
    const name = nameOf(child);
    if (name && !named.has(name)) named.set(name, child);
  }
  const kept = new Set();
  let next = parent.firstChild;
  const skip = () => {
    while (next && kept.has(next)) next = next.nextSibling;
  };
  for (const want of Array.from(wanted.childNodes)) {
    skip();
    let old = named.get(nameOf(want)) ?? null;
    if (!old || kept.has(old) || !fits(old, want)) {
      // Space between the elements of a page that was written by hand is not in what the server sends.
      let candidate = next;
      while (candidate && (kept.has(candidate) || isSpace(candidate)) && !fits(candidate, want)) {
        candidate = candidate.nextSibling;
      }
      old = candidate && !kept.has(candidate) && fits(candidate, want) ? candidate : null;
    }
    if (!old) {
      parent.insertBefore(want, next);
      kept.add(want);
      continue;
    }
    kept.add(old);
    if (old === next) next = next.nextSibling;
    else parent.insertBefore(old, next);
    node(old, want);
  }
  for (const child of Array.from(parent.childNodes)) {
    if (!kept.has(child)) child.remove();
  }
}

const isSpace = node => node.nodeType === Node.TEXT_NODE && !node.data.trim();

function node(old, want) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== want.data) old.data = want.data;
    return;
  }
  const update = old.getAttribute('dj-update');
  if (update === 'ignore') return;
  for (const { name } of Array.from(old.attributes)) {
    if (!want.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const attribute of Array.from(want.attributes)) {
    // A copy of the attribute also carries names that `setAttribute` refuses.
    if (old.getAttribute(attribute.name) !== attribute.value) old.setAttributeNode(attribute.cloneNode());
  }
  if (update === 'append' || update === 'prepend') {
    add(old, want, update);
    return;
  }
  children(old, want);
  adopt(old, want);
  showText(old);
}

// Rows that are already there stay as they are; the others are added at one end.
function add(list, wanted, end) {
  const known = new Set(Array.from(list.children, nameOf).filter(Boolean));
  list[end](...Array.from(wanted.children).filter(child => !known.has(nameOf(child))));
}
