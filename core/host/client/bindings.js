// What the user does, told to the view.

import { ofAttributes, ofType } from './limits.js';
import { fieldOf, handlerOf, parametersOf, placeOf, valuesOf } from './parameters.js';

const FIELDS = { input: 'dj-input', change: 'dj-change', focusin: 'dj-focus', focusout: 'dj-blur' };
const isLimited = /click|input|change|key/;

export class Bindings {
  // Limits belong to elements and live as long as these.
  limits = new WeakMap();

  constructor(view) {
    this.view = view;
    const on = (type, action) => view.root.addEventListener(type, action);
    on('click', event => this.clicked(event));
    on('submit', event => this.submitted(event));
    for (const type in FIELDS) on(type, event => this.field(event.target, FIELDS[type]));
  }

  // Sends the event that an element is bound to, as often as the element wants it. The parameters are those of that time.
  send(element, binding, parameters, source = element) {
    const known = this.limits.get(element) ?? new Map();
    this.limits.set(element, known);
    if (!known.has(binding)) {
      const run = action => action();
      const isTyped = binding === 'dj-input';
      const limited = isLimited.test(binding) ? ofAttributes(element, run, isTyped) : run;
      known.set(binding, limited ?? (isTyped ? ofType(element.type, run) : run));
    }
    const { name, positional } = handlerOf(element.getAttribute(binding));
    this.view.debug.count(name, 'asked');
    known.get(binding)(() => {
      const question = element.getAttribute('dj-confirm');
      if (question && !window.confirm(question)) return;
      this.view.event(name, { ...parameters(), ...positional, ...placeOf(source) }, source);
    });
  }

  clicked(event) {
    const element = event.target.closest('[dj-click]');
    if (!element) return;
    event.preventDefault();
    this.send(element, 'dj-click', () => parametersOf(element));
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
    this.send(form, 'dj-submit', () => ({ ...entries, ...valuesOf(form), _target: by?.name || by?.id || null }));
  }

  field(target, binding) {
    const element = target.closest(`[${binding}]`);
    if (!element) return;
    const parameters = () => {
      const value = binding === 'dj-change' && target.type === 'checkbox' ? target.checked : target.value;
      const told = { value, field: fieldOf(target), ...valuesOf(target) };
      return /input|change/.test(binding) ? { ...told, _target: target.name || target.id || null } : told;
    };
    this.send(element, binding, parameters, target);
  }
}
