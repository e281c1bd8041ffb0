// `@optimistic`: the page shows at once what the server will probably answer.

import { addClass } from './fields.js';

const PENDING = 'optimistic-pending';

// These change an element and return what undoes it without a trace.
function removeClass(element, name) {
  if (!element.classList.contains(name)) return () => {};
  element.classList.remove(name);
  return () => element.classList.add(name);
}

function setAttribute(element, name, value) {
  const before = element.getAttribute(name);
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
  return () => (before === null ? element.removeAttribute(name) : element.setAttribute(name, before));
}

function setText(element, text) {
  const before = [...element.childNodes];
  element.replaceChildren(text);
  return () => element.replaceChildren(...before);
}

const count = (element, by) => setText(element, element.textContent.replace(/-?\d+/, number => Number(number) + by));

const ACTIONS = {
  add_class: (element, rule) => addClass(element, rule.class),
  remove_class: (element, rule) => removeClass(element, rule.class),
  toggle_class: (element, rule) => (element.classList.contains(rule.class) ? removeClass : addClass)(element, rule.class),
  set_attr: (element, rule) => setAttribute(element, rule.attr, rule.value ?? ''),
  remove_attr: (element, rule) => setAttribute(element, rule.attr, null),
  toggle_attr: (element, rule) => setAttribute(element, rule.attr, element.hasAttribute(rule.attr) ? null : ''),
  set_text: (element, rule) => setText(element, rule.value ?? ''),
  increment: (element, rule) => count(element, Number(rule.value ?? 1)),
  decrement: (element, rule) => count(element, -Number(rule.value ?? 1)),
};

function targetOf({ target = '' }, { component_id: component = '', value = '' }, trigger) {
  if (!target) return trigger;
  const selector = target.replace('{component_id}', CSS.escape(component)).replace('{value}', CSS.escape(value));
  const within = trigger.closest('[data-component-id]') ?? document;
  return within.querySelector(selector) ?? trigger.closest(selector);
}

export function join(view) {
  let rules = {};
  // In the order in which they were made. None is on the page while the server's answer is applied.
  let guesses = [];

  function show() {
    for (const guess of guesses) {
      const { rule, parameters, element } = guess;
      const target = ACTIONS[rule.action] && targetOf(rule, parameters, element);
      guess.undo = [addClass(element, PENDING)];
      if (target) guess.undo.push(ACTIONS[rule.action](target, rule));
    }
  }

  function hide() {
    for (const { undo } of guesses.toReversed()) undo.reverse().forEach(step => step());
  }

  function keepOnly(isWanted) {
    if (guesses.every(isWanted)) return;
    hide();
    guesses = guesses.filter(isWanted);
    show();
  }

  return {
    before: hide,
    after: show,

    sent(ref, event, parameters, element) {
      if (!element || !Object.hasOwn(rules, event)) return;
      hide();
      guesses.push({ ref, event, rule: rules[event], parameters, element });
      show();
    },

    settled: ref => keepOnly(guess => guess.ref !== ref),

    // What the server refused, or all that it will never answer.
    forgotten(ref) {
      const isKept = guess => ref !== undefined && guess.ref !== ref;
      const gone = guesses.filter(guess => !isKept(guess));
      keepOnly(isKept);
      for (const { ref: of, event } of gone) view.debug.note(view.debug.rolledBack, { ref: of, event, at: performance.now() });
    },

    on_mount(frame) {
      rules = frame.optimistic_rules ?? {};
    },
  };
}
