// What the user does, told to the view.

import { ofAttributes, ofType } from './limits.js';
import { fieldOf, fieldParameters, handlerOf, parametersOf, placeOf, valuesOf } from './parameters.js';

const KEYS = { space: ' ', up: 'arrowup', down: 'arrowdown', left: 'arrowleft', right: 'arrowright' };

const isConfirmed = element => !element.getAttribute('dj-confirm') || window.confirm(element.getAttribute('dj-confirm'));

export class Bindings {
  constructor(view) {
    this.view = view;
    // Limits belong to elements and live as long as these.
    this.limits = new WeakMap();
    const on = (type, action) => view.root.addEventListener(type, action);
    on('click', event => this.clicked(event));
    on('submit', event => this.submitted(event));
    on('input', event => this.field(event, 'dj-input'));
    on('change', event => this.field(event, 'dj-change'));
    on('focusin', event => this.field(event, 'dj-focus'));
    on('focusout', event => this.field(event, 'dj-blur'));
    on('keydown', event => this.key(event, 'dj-keydown'));
    on('keyup', event => this.key(event, 'dj-keyup'));
  }

  // Calls `action` as often as the element wants it.
  limited(element, binding, action, isTyped = false) {
    if (!this.limits.has(element)) this.limits.set(element, new Map());
    const known = this.limits.get(element);
    if (!known.has(binding)) {
      const run = action => action();
      known.set(binding, ofAttributes(element, run) ?? (isTyped ? ofType(element.type, run) : run));
    }
    known.get(binding)(action);
  }

  send(element, binding, parameters, source = element) {
    if (!isConfirmed(element)) return;
    const handler = handlerOf(element.getAttribute(binding));
    this.view.event(handler.name, { ...parameters, ...handler.parameters, ...placeOf(source) }, source);
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
    for (const field of form.elements) {
      for (const limited of this.limits.get(field)?.values() ?? []) limited.flush?.();
    }
    this.view.flush();
    const by = event.submitter;
    this.send(form, 'dj-submit', {
      ...Object.fromEntries(new FormData(form)),
      ...valuesOf(form),
      _target: by?.name || by?.id || null,
    });
  }

  field({ target }, binding) {
    const element = target.closest(`[${binding}]`);
    if (!element) return;
    const isChange = binding === 'dj-change';
    const act = () => {
      const value = isChange && target.type === 'checkbox' ? target.checked : target.value;
      const parameters = fieldParameters(target, value);
      if (isChange || binding === 'dj-input') parameters._target = target.name || target.id || null;
      this.send(element, binding, parameters, target);
    };
    if (binding === 'dj-focus' || binding === 'dj-blur') act();
    else this.limited(element, binding, act, binding === 'dj-input');
  }

  key({ target, key, code }, binding) {
    for (let element = target; element; element = element.parentElement) {
      for (const { name } of Array.from(element.attributes)) {
        const [base, wanted] = name.split('.');
        if (base !== binding || (wanted && key.toLowerCase() !== (KEYS[wanted] ?? wanted))) continue;
        const parameters = { key, code, value: target.value, field: fieldOf(target), ...valuesOf(element) };
        this.limited(element, name, () => this.send(element, name, parameters, target));
      }
      if (element === this.view.root) break;
    }
  }
}
