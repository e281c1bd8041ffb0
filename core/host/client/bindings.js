// What the user does, told to the view.

import { ofAttributes, ofType } from './limits.js';
import { fieldOf, handlerOf, parametersOf, placeOf, valuesOf } from './parameters.js';

const KEYS = { space: ' ', up: 'arrowup', down: 'arrowdown', left: 'arrowleft', right: 'arrowright' };
const FIELDS = { input: 'dj-input', change: 'dj-change', focusin: 'dj-focus', focusout: 'dj-blur' };

export class Bindings {
  // Limits belong to elements and live as long as these.
  limits = new WeakMap();

  constructor(view) {
    this.view = view;
    const on = (type, action) => view.root.addEventListener(type, action);
    on('click', event => this.clicked(event));
    on('submit', event => this.submitted(event));
    for (const type of ['keydown', 'keyup']) on(type, event => this.key(event, `dj-${type}`));
    for (const type in FIELDS) on(type, event => this.field(event.target, FIELDS[type]));
  }

  // Calls `action` as often as the element wants it.
  limited(element, binding, action) {
    const known = this.limits.get(element) ?? new Map();
    this.limits.set(element, known);
    if (!known.has(binding)) {
      const run = action => action();
      known.set(binding, ofAttributes(element, run) ?? (binding === 'dj-input' ? ofType(element.type, run) : run));
    }
    known.get(binding)(action);
  }

  send(element, binding, parameters, source = element) {
    const question = element.getAttribute('dj-confirm');
    if (question && !window.confirm(question)) return;
    const { name, positional } = handlerOf(element.getAttribute(binding));
    this.view.event(name, { ...parameters, ...positional, ...placeOf(source) }, source);
  }

  clicked(event) {
    const element = event.target.closest('[dj-click]');
    if (!element) return;
    event.preventDefault();
    this.limited(element, 'dj-click', () => this.send(element, 'dj-click', parametersOf(element)));
  }

  submitted(event) {
    const form = event.target.closest('[dj-submit]');
    if (!form) return;
    event.preventDefault();
    // What was typed last comes before the form.
    for (const field of form.elements) this.limits.get(field)?.forEach(limited => limited.flush?.());
    this.view.flush();
    const by = event.submitter;
    const entries = Object.fromEntries(new FormData(form));
    this.send(form, 'dj-submit', { ...entries, ...valuesOf(form), _target: by?.name || by?.id || null });
  }

  field(target, binding) {
    const element = target.closest(`[${binding}]`);
    if (!element) return;
    const act = () => {
      const value = binding === 'dj-change' && target.type === 'checkbox' ? target.checked : target.value;
      const parameters = { value, field: fieldOf(target), ...valuesOf(target) };
      if (/input|change/.test(binding)) parameters._target = target.name || target.id || null;
      this.send(element, binding, parameters, target);
    };
    if (/focus|blur/.test(binding)) act();
    else this.limited(element, binding, act);
  }

  key({ target, key, code }, binding) {
    for (let element = target; this.view.root.contains(element); element = element.parentElement) {
      for (const { name } of [...element.attributes]) {
        const [base, wanted = key] = name.split('.');
        if (base !== binding || key.toLowerCase() !== (KEYS[wanted] ?? wanted).toLowerCase()) continue;
        const parameters = { key, code, value: target.value, field: fieldOf(target), ...valuesOf(element) };
        this.limited(element, name, () => this.send(element, name, parameters, target));
      }
    }
  }
}
