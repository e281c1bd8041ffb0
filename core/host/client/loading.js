// `dj-loading`: what a page shows while an event is on its way.

import { addClass } from './fields.js';

const SELECTOR = ['', '.disable', '.show', '.hide', '.class'].map(mode => `[dj-loading${CSS.escape(mode)}]`).join();

// The event whose progress an element shows.
function eventOf(element) {
  return element.getAttribute('dj-loading') || element.getAttribute('dj-loading.for')
    || [...element.attributes].find(({ name }) => /^dj-(?!loading|id$|key$)/.test(name))?.value;
}

function set(owner, name, value) {
  const before = owner[name];
  owner[name] = value;
  return () => {
    owner[name] = before;
  };
}

export function join({ root }) {
  const prepared = new WeakSet();

  // Hides what is to be seen only during an event.
  function prepare() {
    for (const element of root.querySelectorAll('[dj-loading]')) {
      if (!prepared.has(element)) element.style.display = 'none';
      prepared.add(element);
    }
  }

  prepare();
  return {
    after: prepare,

    // Shows that an event is under way; the functions that are returned end it.
    begin(event) {
      return [...root.querySelectorAll(SELECTOR)].filter(element => eventOf(element) === event).flatMap(element => {
        const mode = name => element.getAttribute(`dj-loading${name}`);
        const shown = mode('.show') ?? (mode('') === null ? null : 'block');
        return [
          mode('.disable') !== null && set(element, 'disabled', true),
          mode('.hide') !== null && set(element.style, 'display', 'none'),
          shown !== null && set(element.style, 'display', shown || 'block'),
          mode('.class') && addClass(element, mode('.class')),
        ].filter(Boolean);
      });
    },
  };
}
