// Addresses: `dj-patch`, `dj-navigate`, the back button, and where the server sends the browser.

// The view of a path, if the page knows one.
function viewOf(path) {
  const fits = route => new RegExp(`^${route.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[^/]+/g, '[^/]+')}$`).test(path);
  return Object.entries(window.djust?._routeMap ?? {}).find(([route]) => fits(route))?.[1];
}

function add(params, url) {
  for (const name in params) {
    if (![null, ''].includes(params[name])) url.searchParams.set(name, params[name]);
  }
  return url;
}

// Never a script in place of an address.
function leave(url) {
  if (/^https?:$/.test(url.protocol)) location.assign(url);
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
    window.addEventListener('popstate', () => {
      const url = new URL(location);
      const isSame = url.pathname === this.path;
      this.path = url.pathname;
      if (!this.view.isMounted) return;
      if (isSame) this.ask(url);
      else if (!this.remount(url)) location.reload();
    });
  }

  clicked(event) {
    const link = event.target.closest('[dj-patch], [dj-navigate]');
    const isModified = event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (!link || isModified || link.matches('select, input')) return;
    event.preventDefault();
    if (link.hasAttribute('dj-navigate')) this.redirect({ path: link.getAttribute('dj-navigate') });
    else this.patch(link.getAttribute('dj-patch') || link.getAttribute('href'));
  }

  // Parameters are added to those of the address; the view stays.
  patch(target) {
    const wanted = new URL(target, location);
    const url = add(Object.fromEntries(wanted.searchParams), new URL(location));
    if (target.startsWith('/')) url.pathname = wanted.pathname;
    if (!this.view.isMounted) return;
    this.go(url);
    this.ask(url);
  }

  ask({ searchParams, pathname, search }) {
    this.view.socket.send({ type: 'url_change', params: Object.fromEntries(searchParams), uri: pathname + search });
  }

  go(url, replaces) {
    history[replaces ? 'replaceState' : 'pushState']({ djust: true }, '', url);
    this.path = url.pathname;
  }

  told(frame) {
    if (frame.action === 'live_redirect') return this.redirect(frame);
    const url = new URL(frame.path ?? location, location);
    if (frame.params) url.search = '';
    add(frame.params, url);
    return url.origin === location.origin ? this.go(url, frame.replace) : leave(url);
  }

  // Another view: over the same connection if the page knows it, else by loading its page.
  redirect({ path, params, replace }) {
    const url = add(params, new URL(path, location));
    if (url.origin !== location.origin || !viewOf(url.pathname) || !this.view.isMounted) return leave(url);
    this.go(url, replace);
    window.scrollTo(0, 0);
    return this.remount(url);
  }

  remount(url) {
    const view = viewOf(url.pathname);
    if (!view) return false;
    this.view.forget();
    this.view.mount('live_redirect_mount', view, url);
    return true;
  }
}
