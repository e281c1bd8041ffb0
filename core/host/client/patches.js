// Patches applied to the page, in the order that djust gives them a meaning in.
//
// For each parent, what is removed or moved is found among the children as they were before the batch; then
// everything that is placed goes in by ascending final index. After all parents follow text, attributes and
// replacements, which are found by id, else by their path in the finished page.

import { change, clear, keepFocus, showText } from './fields.js';
import { childrenOf, closingOf, counted, make, openedBy, parse } from './nodes.js';

const REMOVES = new Set(['RemoveChild', 'RemoveSubtree']);
const PLACES = new Set(['InsertChild', 'MoveChild', 'InsertSubtree', 'MoveSubtree']);

// Applies a batch and returns the patches that found nothing to change.
export function apply(patches, root) {
  const giveBackFocus = keepFocus(root);
  const failed = new Batch(root).run(patches);
  giveBackFocus();
  return failed;
}

const keyOf = row => row.getAttribute('dj-key') ?? row.getAttribute('data-key');

// Nodes from `first` to `last`, with everything between, known to the server or not.
function range(first, last) {
  const nodes = [];
  for (let node = first; node; node = node.nextSibling) {
    nodes.push(node);
    if (node === last) break;
  }
  return nodes;
}

class Batch {
  constructor(root) {
    this.root = root;
    this.failed = [];
    this.ids = null;
  }

  run(patches) {
    this.children(patches);
    for (const patch of patches) {
      if (REMOVES.has(patch.type) || PLACES.has(patch.type)) continue;
      this.attempt(patch, () => this.node(patch));
    }
    return this.failed;
  }

  attempt(patch, action) {
    try {
      if (action()) return;
    } catch (error) {
      console.warn('a patch could not be applied:', patch, error);
    }
    this.failed.push(patch);
  }

  element(id) {
    // One walk over the page serves a whole batch; the walk is repeated only for what the batch itself brought.
    if (!this.ids) {
      this.ids = new Map();
      for (const element of this.root.querySelectorAll('[dj-id]')) {
        const own = element.getAttribute('dj-id');
        if (!this.ids.has(own)) this.ids.set(own, element);
      }
    }
    const known = this.ids.get(id);
    if (known && this.root.contains(known) && known.getAttribute('dj-id') === id) return known;
    return this.root.querySelector(`[dj-id="${CSS.escape(id)}"]`);
  }

  target({ d, path }) {
    return (d && this.element(d)) || path.reduce((node, index) => node && childrenOf(node)[index], this.root);
  }

  holder(id) {
    const walker = document.createTreeWalker(this.root, NodeFilter.SHOW_COMMENT);
    while (walker.nextNode()) {
      if (openedBy(walker.currentNode) === id) return walker.currentNode.parentNode;
    }
    return null;
  }

  children(patches) {
    const groups = new Map();
    for (const patch of patches) {
      const removes = REMOVES.has(patch.type);
      if (!removes && !PLACES.has(patch.type)) continue;
      const parent = patch.type === 'RemoveSubtree' ? this.holder(patch.id) : this.target(patch);
      if (parent?.nodeType !== Node.ELEMENT_NODE) {
        this.failed.push(patch);
        continue;
      }
      if (!groups.has(parent)) groups.set(parent, { removals: [], placements: [] });
      groups.get(parent)[removes ? 'removals' : 'placements'].push(patch);
    }
    for (const [parent, group] of groups) new Siblings(this, parent).run(group);
  }

  // A patch that changes one node; false if there is none.
  node(patch) {
    const node = this.target(patch);
    if (!node) return false;
    const isElement = node.nodeType === Node.ELEMENT_NODE;
    switch (patch.type) {
      case 'SetText':
        node.textContent = patch.text;
        if (node.parentElement) showText(node.parentElement);
        return true;
      case 'SetAttr':
        if (isElement) change(node, patch.key, patch.value ?? '');
        return isElement;
      case 'RemoveAttr':
        if (isElement) clear(node, patch.key);
        return isElement;
      case 'Replace': {
        const fresh = make(patch.node, node.parentNode);
        node.replaceWith(fresh);
        if (node === this.root) this.root = fresh;
        return true;
      }
      default:
        return isElement && this.row(node, patch);
    }
  }

  // A patch of the rows of `dj-virtual`, which are named by key.
  row(list, patch) {
    const rows = Array.from(list.children);
    const row = rows.find(each => keyOf(each) === patch.key);
    const before = rows.find(each => patch.before_key != null && keyOf(each) === patch.before_key) ?? null;
    switch (patch.type) {
      case 'VirtualInsert':
        if (!row) list.insertBefore(make(patch.node, list), before);
        return true;
      case 'VirtualMove':
        if (row) list.insertBefore(row, before === row ? row.nextSibling : before);
        return Boolean(row);
      case 'VirtualRemove':
        row?.remove();
        return Boolean(row);
      case 'VirtualUpdate':
        return Boolean(row) && new Batch(row).run(patch.patches).length === 0;
      default:
        return false;
    }
  }
}

// The children of one parent during a batch.
class Siblings {
  constructor(batch, parent) {
    this.batch = batch;
    this.parent = parent;
    this.before = childrenOf(parent);
    this.byId = new Map();
    this.opening = new Map();
    for (const child of this.before) {
      const id = child.nodeType === Node.ELEMENT_NODE ? child.getAttribute('dj-id') : null;
      if (id !== null && !this.byId.has(id)) this.byId.set(id, child);
      const opened = openedBy(child);
      if (opened !== null && !this.opening.has(opened) && closingOf(child)) this.opening.set(opened, child);
    }
  }

  run({ removals, placements }) {
    const gone = new Set();
    const takeOut = nodes => nodes.forEach(node => {
      gone.add(node);
      node.remove();
    });
    // All are found before any is taken out.
    const found = removals.map(patch => [patch, this.span(patch)]);
    const spans = placements.filter(patch => patch.type === 'MoveSubtree').map(patch => [patch, this.span(patch)]);
    for (const [patch, nodes] of found) {
      if (nodes) takeOut(nodes);
      else this.batch.failed.push(patch);
    }
    const moved = new Map();
    for (const patch of placements) {
      if (patch.type !== 'MoveChild') continue;
      const child = this.child(patch.child_d, patch.from);
      if (!child) this.batch.failed.push(patch);
      else if (!gone.has(child)) {
        moved.set(patch, [child]);
        takeOut([child]);
      }
    }
    // The innermost bodies first, so that none takes along what moves by itself.
    spans.sort(([, a], [, b]) => (a?.length ?? 0) - (b?.length ?? 0));
    for (const [patch, nodes] of spans) {
      if (!nodes) {
        this.batch.failed.push(patch);
        continue;
      }
      const left = nodes.filter(node => !gone.has(node));
      moved.set(patch, left);
      takeOut(left);
    }
    this.place(placements, moved, this.before.filter(child => !gone.has(child)));
    showText(this.parent);
  }

  child(id, index) {
    return (id && this.byId.get(id)) || this.before[index];
  }

  span(patch) {
    if (patch.type === 'RemoveChild') {
      const child = this.child(patch.child_d, patch.index);
      return child && [child];
    }
    const open = this.opening.get(patch.id);
    return open && range(open, closingOf(open));
  }

  // What stays is already in its final order, so that each placement finds its neighbour at its index.
  place(placements, moved, children) {
    const present = new Set(children.map(openedBy));
    const indexOf = patch => patch.to ?? patch.index;
    for (const patch of [...placements].sort((a, b) => indexOf(a) - indexOf(b))) {
      this.batch.attempt(patch, () => {
        const nodes = this.placed(patch, moved, present);
        const at = Math.min(indexOf(patch), children.length);
        const fragment = document.createDocumentFragment();
        fragment.append(...nodes);
        this.parent.insertBefore(fragment, children[at] ?? null);
        children.splice(at, 0, ...counted(nodes, this.parent));
        return true;
      });
    }
  }

  placed(patch, moved, present) {
    switch (patch.type) {
      case 'InsertChild':
        return [make(patch.node, this.parent)];
      case 'InsertSubtree':
        return present.has(patch.id) ? [] : Array.from(parse(patch.html, this.parent).childNodes);
      default:
        return moved.get(patch) ?? [];
    }
  }
}
