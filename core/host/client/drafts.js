// What is typed into the fields of `data-draft-enabled` outlives a reload.

const PAUSE_MS = 500;
const UNSAFE = /^(__proto__|constructor|prototype)$/;

const rootOf = () => document.querySelector('[data-draft-enabled][data-draft-key]');
const storageKey = key => `djust_draft_${key}`;
const fieldsIn = root => [...root.querySelectorAll('[data-draft="true"][name]')].filter(({ name }) => !UNSAFE.test(name));
// The property in which a field holds what the user has chosen.
const heldIn = field => (/checkbox|radio/.test(field.type) ? 'checked' : 'value');

// A radio button is one of several with its name.
const nameOf = field => (field.type === 'radio' ? `${field.name}=${field.value}` : field.name);

export function join() {
  const timers = new Map();
  let isCleared = false;
  let shown = null;

  function save(key) {
    const root = rootOf();
    if (root?.dataset.draftKey !== key) return;
    timers.delete(key);
    const data = Object.fromEntries(fieldsIn(root).map(field => [nameOf(field), field[heldIn(field)]]));
    localStorage.setItem(storageKey(key), JSON.stringify({ data, timestamp: Date.now() }));
  }

  function clear(key) {
    clearTimeout(timers.get(key));
    timers.delete(key);
    localStorage.removeItem(storageKey(key));
  }

  function restore() {
    const root = rootOf();
    const kept = root && JSON.parse(localStorage.getItem(storageKey(root.dataset.draftKey)));
    for (const field of kept ? fieldsIn(root) : []) {
      if (Object.hasOwn(kept.data, nameOf(field))) field[heldIn(field)] = kept.data[nameOf(field)];
    }
  }

  function typed({ target }) {
    const root = target.closest('[data-draft-enabled][data-draft-key]');
    if (!root || target.dataset.draft !== 'true') return;
    const key = root.dataset.draftKey;
    clearTimeout(timers.get(key));
    timers.set(key, setTimeout(() => save(key), PAUSE_MS));
  }

  for (const type of ['input', 'change']) document.addEventListener(type, typed);
  // Whoever leaves at once has typed it all the same.
  window.addEventListener('pagehide', () => timers.forEach((_, key) => save(key)));

  // The attribute stays on the page until the next rendering, and a new draft may begin meanwhile.
  function clearIfTold() {
    const root = rootOf();
    const isTold = root?.hasAttribute('data-draft-clear') ?? false;
    if (isTold && !isCleared) clear(root.dataset.draftKey);
    isCleared = isTold;
  }

  return {
    after() {
      clearIfTold();
      if (rootOf() !== shown) restore();
      shown = rootOf();
    },

    // A whole page has taken the fields back to what the server knows.
    on_mount() {
      clearIfTold();
      restore();
    },

    on_push_event({ event, payload }) {
      if (event === 'djust:draft-clear') clear(payload.key);
    },
  };
}
