// What the server tells the reader beside the view: messages, announcements, the focus, title and description.

// How long a message that goes stays to be seen going.
const GOING_MS = 300;
const SHOWN_MS = 5000;

const container = () => document.querySelector('#dj-flash-container, [dj-flash-container]');

function dismiss(message) {
  message.classList.add('dj-flash-removing');
  setTimeout(() => message.remove(), GOING_MS);
}

function flash({ level, message: text }) {
  const message = document.createElement('div');
  message.className = `dj-flash dj-flash-${level}`;
  message.setAttribute('role', 'alert');
  message.dataset.djFlashLevel = level;
  message.textContent = text;
  container()?.append(message);
  const wanted = Number.parseInt(container()?.dataset.djAutoDismiss, 10);
  const shown = Number.isNaN(wanted) ? SHOWN_MS : wanted;
  if (shown > 0) setTimeout(dismiss, shown, message);
}

// Screen readers read what changes in a region that was there before.
function regionFor(priority) {
  const known = document.querySelector(`.dj-announcements[aria-live="${priority}"]`);
  if (known) return known;
  const region = document.createElement('div');
  region.className = 'dj-announcements';
  region.setAttribute('aria-live', priority);
  region.style.cssText = 'position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)';
  document.body.append(region);
  return region;
}

function announce(announcement) {
  const { message = announcement, priority } = announcement;
  const region = regionFor(priority === 'assertive' ? 'assertive' : 'polite');
  setTimeout(() => region.replaceChildren(message), 50);
}

function describe(name, content) {
  const attribute = /^(og|twitter):/.test(name) ? 'property' : 'name';
  const known = document.head.querySelector(`meta[${attribute}="${CSS.escape(name)}"]`);
  const meta = known ?? document.createElement('meta');
  meta.setAttribute(attribute, name);
  meta.setAttribute('content', content);
  if (!known) document.head.append(meta);
}

export const join = () => ({
  on_flash(frame) {
    if (frame.action === 'put') flash(frame);
    else if (frame.action === 'clear') {
      for (const message of container()?.querySelectorAll('.dj-flash') ?? []) {
        if (!frame.level || frame.level === message.dataset.djFlashLevel) dismiss(message);
      }
    }
  },

  on_page_metadata({ action, value, name, content }) {
    if (action === 'title') document.title = value;
    else if (action === 'meta') describe(name, content);
  },

  on_accessibility({ announcements }) {
    announcements.forEach(announce);
  },

  on_focus({ selector, options }) {
    document.querySelector(selector)?.focus(options ?? {});
  },
});
