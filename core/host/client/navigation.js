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

const isHere = address => new URL(address, location).origin === location.origin;

function refuse(address) {
  console.warn(`djscope: not going to ${address}`);
}

// Never a script in place of an address.
function leave(url) {
  if (/^https?:$/.test(url.protocol)) location.assign(url);
  else refuse(url);
}

export function join(view) {
  let { pathname: shown } = location;

  function go(url, replaces) {
    history[replaces ? 'replaceState' : 'pushState']({ djust: true }, '', url);
    shown = url.pathname;
  }

  function ask({ searchParams, pathname, search }) {
    view.socket.send({ type: 'url_change', params: Object.fromEntries(searchParams), uri: pathname + search });
  }

  // Parameters are added to those of the address; the view stays.
  function patch(target) {
    const wanted = new URL(target, location);
    if (!isHere(wanted)) return refuse(target);
    const url = new URL(location);
    for (const [name, value] of wanted.searchParams) url.searchParams.set(name, value);
    if (target.startsWith('/')) url.pathname = wanted.pathname;
    if (!view.isMounted) return null;
    go(url);
    return ask(url);
  }

  function remount(url) {
    const path = viewOf(url.pathname);
    if (!path) return false;
    view.forget();
    view.mount('live_redirect_mount', path, url);
    return true;
  }

  // Another view: over the same connection if the page knows it, else by loading its page.
  function redirect({ path, params, replace }) {
    const url = add(params, new URL(path, location));
    if (!isHere(url) || !viewOf(url.pathname) || !view.isMounted) return leave(url);
    go(url, replace);
    window.scrollTo(0, 0);
    return remount(url);
  }

  function clicked(event) {
    const link = event.target.closest('[dj-patch], [dj-navigate]');
    const isModified = event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (!link || isModified || link.matches('select, input')) return;
    event.preventDefault();
    const path = link.getAttribute('dj-navigate');
    if (path === null) patch(link.getAttribute('dj-patch') || link.getAttribute('href'));
    else if (isHere(path)) redirect({ path });
    else refuse(path);
  }

  document.addEventListener('click', clicked);
  document.addEventListener('change', ({ target }) => {
    if (!target.matches('select[dj-patch], input[dj-patch]')) return;
    patch(target.getAttribute('dj-patch').replaceAll('{value}', encodeURIComponent(target.value)));
  });
  window.addEventListener('popstate', () => {
    const url = new URL(location);
    const isSame = url.pathname === shown;
    shown = url.pathname;
    if (!view.isMounted) return;
    if (isSame) ask(url);
    else if (!remount(url)) location.reload();
  });

  return {
    on_navigation(frame) {
      if (frame.action === 'live_redirect') return redirect(frame);
      const url = new URL(frame.path ?? location, location);
      if (frame.params) url.search = '';
      add(frame.params, url);
      return isHere(url) ? go(url, frame.replace) : leave(url);
    },

    // Where somebody has to go who may not see this view, such as the page to log in.
    on_navigate({ to }) {
      if (isHere(to)) location.assign(to);
      else refuse(to);
    },
  };
}
