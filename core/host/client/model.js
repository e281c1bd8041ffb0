// `dj-model`: attributes of the view that follow fields.

import { debounce } from './limits.js';

function valueOf(field) {
  if (field.type === 'checkbox') return field.checked;
  if (field.multiple && field.options) return Array.from(field.selectedOptions, option => option.value);
  return field.value;
}

export function follow(view) {
  const pauses = new Map();
  const told = type => ({ target }) => {
    const binding = Array.from(target.attributes).find(({ name }) => /^dj-model(?:\.|$)/.test(name));
    if (!binding?.value || binding.name.endsWith('.lazy') !== (type === 'change')) return;
    const send = () => view.event('update_model', { field: binding.value, value: valueOf(target) });
    const pause = /\.debounce-?(\d*)/.exec(binding.name);
    if (!pause) {
      send();
      return;
    }
    if (!pauses.has(binding.value)) pauses.set(binding.value, debounce(action => action(), Number(pause[1]) || 300));
    pauses.get(binding.value)(send);
  };
  for (const type of ['input', 'change']) view.root.addEventListener(type, told(type));
}
