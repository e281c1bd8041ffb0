// `dj-loading`: what a page shows while an event is on its way.

import { addClass } from './fields.js';

const SELECTOR = ['', '.disable', '.show', '.hide', '.class'].map(mode => `[dj-loading${CSS.escape(mode)}]`).join();

const BINDING = /^dj-(click|submit|input|change|keydown|keyup|focus|blur)\b/;

// The event whose progress an element shows; without one it is any.
function eventOf(element) {
  const bound = () => [...element.attributes].find(({ name }) => BINDING.test(name))?.value;
  return element.getAttribute('dj-loading') || element.getAttribute('dj-loading.for') || bound()?.split('(')[0];
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
      const all = [...root.querySelectorAll(SELECTOR)];
      return all.filter(element => (eventOf(element) ?? event) === event).flatMap(element => {
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
