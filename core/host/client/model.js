// `dj-model`: attributes of the view that follow fields.

import { debounce } from './limits.js';

function valueOf(field) {
  if (field.type === 'checkbox') return field.checked;
  return field.type === 'select-multiple' ? [...field.selectedOptions].map(option => option.value) : field.value;
}

export function join(view) {
  const pauses = new Map();
  const told = ({ type, target }) => {
    const { name, value: field } = [...target.attributes].find(each => /^dj-model(\.|$)/.test(each.name)) ?? {};
    if (!field || name.endsWith('.lazy') !== (type === 'change')) return;
    view.debug.count('update_model', 'asked');
    const send = () => view.event('update_model', { field, value: valueOf(target) });
    const [, pause] = /\.debounce-?(\d*)/.exec(name) ?? [];
    if (pause === undefined) return void send();
    if (!pauses.has(field)) pauses.set(field, debounce(action => action(), Number(pause) || 300));
    pauses.get(field)(send);
  };
  for (const type of ['input', 'change']) view.root.addEventListener(type, told);
  return {};
}
