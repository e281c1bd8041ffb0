// `dj-keydown` and `dj-keyup`. The key they wait for is part of the attribute's name, `dj-keydown.enter="save"`, or of
// its value, `dj-keydown="save.enter"`.

import { fieldOf, valuesOf } from './parameters.js';

const KEYS = { space: ' ', up: 'arrowup', down: 'arrowdown', left: 'arrowleft', right: 'arrowright' };

const fits = (key, wanted = key) => key.toLowerCase() === (KEYS[wanted.toLowerCase()] ?? wanted.toLowerCase());

export function join(view) {
  function pressed({ type, target, key, code }) {
    for (let element = target; view.root.contains(element); element = element.parentElement) {
      for (const { name, value } of [...element.attributes]) {
        const [base, wanted] = name.split('.');
        if (base !== `dj-${type}` || !fits(key, wanted) || !fits(key, /^\s*\w+\.(\w+)\s*$/.exec(value)?.[1])) continue;
        const parameters = () => ({ key, code, value: target.value, field: fieldOf(target), ...valuesOf(element) });
        view.bindings.send(element, name, parameters, target);
      }
    }
  }

  for (const type of ['keydown', 'keyup']) view.root.addEventListener(type, pressed);
  return {};
}
