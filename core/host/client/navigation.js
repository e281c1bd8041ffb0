// Addresses: `dj-patch`, `dj-navigate`, the back button, and where the server sends the browser.

const isPlain = event => event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;

// The view of a path, if the page knows one.
function viewOf(path) {
  for (const [route, view] of Object.entries(window.djust?._routeMap ?? {})) {
    const parts = route.split('/').map(part => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
    if (new RegExp(`^${parts.join('/')}$`).test(path)) return view;
  }
  return null;
}

export class Navigation {
  constructor() {
    this.path = location.pathname;
    document.addEventListener('click', event => this.clicked(event));
    document.addEventListener('change', ({ target }) => {
      if (target.matches('select[dj-patch], input[dj-patch]')) {
        this.patch(target.getAttribute('dj-patch').replaceAll('{value}', encodeURIComponent(target.value)));
      }
    });
    window.addEventListener('popstate', () => this.popped());
  }

  clicked(event) {
    const link = event.target.closest('[dj-patch], [dj-navigate]');
    if (!link || link.matches('select, input') || !isPlain(event)) return;
    event.preventDefault();
    if (link.hasAttribute('dj-navigate')) this.redirect({ path: link.getAttribute('dj-navigate') });
    else this.patch(link.getAttribute('dj-patch') || link.getAttribute('href') || '');
  }

  // Parameters are added to those of the address; the view stays.
  patch(target) {
    const wanted = new URL(target, location.href);
    const url = new URL(location.href);
    for (const [name, value] of wanted.searchParams) url.searchParams.set(name, value);
    if (target.startsWith('/')) url.pathname = wanted.pathname;
    if (!this.view.isMounted) return;
    this.go(url, false);
    this.ask(url);
  }

  ask(url) {
    this.view.socket.send({
      type: 'url_change',
      params: Object.fromEntries(url.searchParams),
      uri: url.pathname + url.search,
    });
  }

  go(url, replaces) {
    history[replaces ? 'replaceState' : 'pushState']({ djust: true }, '', url);
    this.path = url.pathname;
  }

  popped() {
    const url = new URL(location.href);
    const isSame = url.pathname === this.path;
    this.path = url.pathname;
    if (!this.view.isMounted) return;
    if (isSame) this.ask(url);
    else this.remount(url) || location.reload();
  }

  told({ action, path, params, replace }) {
    if (action === 'live_redirect') {
      this.redirect({ path, params, replace });
      return;
    }
    const url = new URL(path ?? location.href, location.href);
    if (params) url.search = '';
    this.add(params, url);
    if (url.origin === location.origin) this.go(url, replace);
    else this.leave(url);
  }

  add(params, url) {
    for (const [name, value] of Object.entries(params ?? {})) {
      if (value !== null && value !== '') url.searchParams.set(name, value);
    }
  }

  // Another view: over the same connection if the page knows it, else by loading its page.
  redirect({ path, params, replace }) {
    const url = new URL(path, location.href);
    this.add(params, url);
    if (url.origin !== location.origin || !viewOf(url.pathname) || !this.view.isMounted) {
      this.leave(url);
      return;
    }
    this.go(url, replace);
    window.scrollTo(0, 0);
    this.remount(url);
  }

  remount(url) {
    const view = viewOf(url.pathname);
    if (view) {
      this.view.forget();
      this.view.mount('live_redirect_mount', view, url);
    }
    return Boolean(view);
  }

  leave(url) {
    // Never a script in place of an address.
    if (/^https?:$/.test(url.protocol)) location.assign(url);
  }
}
