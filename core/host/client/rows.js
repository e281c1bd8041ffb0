// Patches of the rows of `dj-virtual`, which are named by key.

import { make } from './nodes.js';
import { Batch } from './patches.js';

const keyOf = row => row.getAttribute('dj-key') ?? row.getAttribute('data-key');

Batch.prototype.row = (list, { type, key, before_key: beforeKey, node, patches }) => {
  const rowOf = wanted => [...list.children].find(each => keyOf(each) === wanted) ?? null;
  const row = rowOf(key);
  if (type === 'VirtualInsert') {
    if (!row) list.insertBefore(make(node, list), rowOf(beforeKey));
    return true;
  }
  if (!row) return false;
  if (type === 'VirtualUpdate') return !new Batch(row).run(patches).length;
  row.remove();
  if (type === 'VirtualMove') list.insertBefore(row, rowOf(beforeKey));
  return /Move|Remove/.test(type);
};

export const join = () => ({});
