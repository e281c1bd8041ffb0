// What the server writes into elements while it works, such as the words of an answer.

import { parse } from './nodes.js';

const NEAR_THE_END = 100;

function forgetError(element) {
  element.removeAttribute('data-stream-error');
  element.querySelector('.dj-stream-error')?.remove();
}

function addText(element, text, mode) {
  const at = mode === 'prepend' ? element.firstChild : element.lastChild;
  if (mode === 'replace') element.textContent = text;
  // The server knows one text here, not one for each piece.
  else if (at?.nodeType === 3) at.data = mode === 'prepend' ? text + at.data : at.data + text;
  else element[mode](text);
}

function keepingTheEnd(element, action) {
  const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_THE_END;
  action();
  if (isAtEnd) requestAnimationFrame(() => element.scrollTo({ top: element.scrollHeight }));
}

const OPERATIONS = {
  start(element) {
    element.setAttribute('data-stream-active', 'true');
    forgetError(element);
  },

  text(element, { text = '', mode }) {
    forgetError(element);
    const wanted = mode ?? element.getAttribute('dj-stream-mode') ?? 'append';
    keepingTheEnd(element, () => addText(element, text, wanted));
    element.setAttribute('data-stream-active', 'true');
  },

  append(element, { html = '' }) {
    forgetError(element);
    keepingTheEnd(element, () => element.append(...parse(html, element).childNodes));
  },

  prepend(element, { html = '' }) {
    forgetError(element);
    element.prepend(...parse(html, element).childNodes);
  },

  replace(element, { html = '' }) {
    element.removeAttribute('data-stream-error');
    element.replaceChildren(...parse(html, element).childNodes);
  },

  prune(element, { limit = 0, edge }) {
    while (element.children.length > Math.max(0, limit)) {
      (edge === 'bottom' ? element.lastElementChild : element.firstElementChild).remove();
    }
  },

  delete(element) {
    element.remove();
  },

  error(element, { error = 'Stream error' }) {
    element.setAttribute('data-stream-error', 'true');
    element.removeAttribute('data-stream-active');
    const shown = element.querySelector('.dj-stream-error') ?? document.createElement('div');
    shown.className = 'dj-stream-error';
    shown.setAttribute('role', 'alert');
    shown.textContent = error;
    element.append(shown);
  },

  done(element) {
    element.removeAttribute('data-stream-active');
  },
};

// The event by which the page hears of an operation.
const NAMES = { append: 'update', prepend: 'update', replace: 'update', delete: 'remove' };

export const join = view => ({
  on_stream({ stream, ops = [] }) {
    view.change(() => {
      for (const operation of ops) {
        const { op, target, ...about } = operation;
        const element = target && document.querySelector(target);
        if (!element || !Object.hasOwn(OPERATIONS, op)) continue;
        const told = new CustomEvent(`stream:${NAMES[op] ?? op}`, { bubbles: true, detail: { stream, op, ...about } });
        if (op === 'delete') element.dispatchEvent(told);
        OPERATIONS[op](element, operation);
        if (op !== 'delete') element.dispatchEvent(told);
      }
    });
  },
});
