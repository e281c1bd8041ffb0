// Patches applied to the page, in the order in which djust means them.
//
// For each parent, what is removed or moved is found among the children as they were before the batch; then
// everything that is placed goes in by ascending final index. After all parents follow text, attributes and
// replacements, which are found by id, else by their path in the finished page. Those of `dj-virtual` are in `rows.js`.

import { change, clear, keepingFocus, showText } from './fields.js';
import { bodyOf, childrenOf, counted, make, openedBy, parse } from './nodes.js';

const OF_CHILDREN = /^(Remove|Insert|Move)(Child|Subtree)$/;

// Applies a batch and returns the patches that found nothing to change.
export const apply = (patches, root) => keepingFocus(root, () => new Batch(root).run(patches));

const idOf = node => (node.nodeType === 1 ? node.getAttribute('dj-id') : null);
const indexOf = patch => patch.to ?? patch.index;

export class Batch {
  constructor(root) {
    this.root = root;
    this.failed = [];
    this.ids = new Map();
    // One walk serves the whole batch, except for what the batch itself brings.
    for (const element of root.querySelectorAll('[dj-id]')) {
      if (!this.ids.has(idOf(element))) this.ids.set(idOf(element), element);
    }
  }

  run(patches) {
    const groups = new Map();
    for (const patch of patches.filter(({ type }) => OF_CHILDREN.test(type))) {
      const parent = patch.type === 'RemoveSubtree' ? this.holder(patch.id) : this.target(patch);
      if (parent?.nodeType !== 1) this.failed.push(patch);
      else if (groups.has(parent)) groups.get(parent).push(patch);
      else groups.set(parent, [patch]);
    }
    for (const [parent, group] of groups) this.children(parent, group);
    for (const patch of patches) {
      if (!OF_CHILDREN.test(patch.type)) this.attempt(patch, () => this.node(patch));
    }
    return this.failed;
  }

  attempt(patch, action) {
    try {
      if (action()) return;
    } catch (error) {
      console.warn(error);
    }
    this.failed.push(patch);
  }

  target({ d, path }) {
    const known = this.ids.get(d);
    return (known && this.root.contains(known) && known)
      || (d && this.root.querySelector(`[dj-id="${CSS.escape(d)}"]`))
      || path.reduce((node, index) => node && childrenOf(node)[index], this.root);
  }

  // The element among whose children a body begins.
  holder(id) {
    const marks = document.createTreeWalker(this.root, NodeFilter.SHOW_COMMENT);
    while (marks.nextNode()) {
      if (openedBy(marks.currentNode) === id) return marks.currentNode.parentNode;
    }
    return null;
  }

  children(parent, patches) {
    const before = childrenOf(parent);
    const byId = new Map([...before].reverse().map(child => [idOf(child), child]));
    const child = (id, index) => (id && byId.get(id)) || before[index];
    const concerned = patch => {
      const one = child(patch.child_d, patch.from ?? patch.index);
      if (!patch.type.endsWith('Subtree')) return one && [one];
      return before.filter(node => openedBy(node) === patch.id).map(bodyOf).find(Boolean);
    };
    // All is found before anything is taken out: removals, then children, then bodies. The innermost body goes first,
    // so that none takes along what moves by itself.
    const found = patches.filter(({ type }) => !type.startsWith('Insert')).map(patch => [patch, concerned(patch)]);
    const rank = ([{ type }, nodes]) => (type.startsWith('Remove') ? -1 : type === 'MoveChild' ? 0 : nodes?.length);
    const gone = new Set();
    const moved = new Map();
    for (const [patch, nodes] of found.sort((a, b) => rank(a) - rank(b))) {
      if (!nodes) {
        this.failed.push(patch);
        continue;
      }
      const left = nodes.filter(node => !gone.has(node));
      for (const node of left) {
        gone.add(node);
        node.remove();
      }
      moved.set(patch, left);
    }
    const children = before.filter(node => !gone.has(node));
    const present = new Set(children.map(openedBy));
    const placed = patch => {
      if (patch.type === 'InsertChild') return [make(patch.node, parent)];
      if (patch.type !== 'InsertSubtree') return moved.get(patch) ?? [];
      return present.has(patch.id) ? [] : [...parse(patch.html, parent).childNodes];
    };
    // What stays is already in its final order, so that each placement finds its neighbour at its index.
    const placements = patches.filter(({ type }) => !type.startsWith('Remove'));
    for (const patch of placements.sort((a, b) => indexOf(a) - indexOf(b))) {
      this.attempt(patch, () => {
        const nodes = placed(patch);
        const next = children[indexOf(patch)] ?? null;
        for (const node of nodes) parent.insertBefore(node, next);
        return children.splice(indexOf(patch), 0, ...counted(nodes, parent));
      });
    }
    showText(parent);
  }

  // A patch that changes one node; false if there is none.
  node(patch) {
    const node = this.target(patch);
    if (!node) return false;
    if (patch.type === 'SetText') {
      node.textContent = patch.text;
      if (node.parentElement) showText(node.parentElement);
    } else if (patch.type === 'Replace') {
      const fresh = make(patch.node, node.parentNode);
      node.replaceWith(fresh);
      if (node === this.root) this.root = fresh;
    } else if (node.nodeType !== 1) return false;
    else if (patch.type === 'SetAttr') change(node, patch.key, patch.value ?? '');
    else if (patch.type === 'RemoveAttr') clear(node, patch.key);
    else return this.row?.(node, patch);
    return true;
  }
}
