// Parts of the client that only some pages need, by the signs of each in a page or in a frame. A part is loaded before
// the first frame that speaks of it is handled, so that nothing comes too early for it.

const SIGNS = {
  cache: /"cache_config"/,
  drafts: /data-draft-enabled/,
  embedded: /"embedded_update"/,
  hooks: /dj-hook/,
  keys: /dj-key(down|up)/,
  loading: /dj-loading/,
  model: /dj-model/,
  navigation: /dj-(patch|navigate)|"navigat(e|ion)"|"djust":true/,
  notices: /"(flash|accessibility|focus|page_metadata)"/,
  optimistic: /"optimistic_rules"/,
  rows: /"Virtual/,
  shared: /dj-(client-state|hook)|"client_state"/,
  streams: /"stream"/,
  uploads: /dj-upload/,
};

// Loads for `view` what `text` speaks of. Returns what to wait for, if anything is not there yet.
export function load(text, view) {
  for (const name in SIGNS) {
    if (name in view.parts || !SIGNS[name].test(text)) continue;
    view.parts[name] = {};
    const joined = ({ join }) => {
      view.parts[name] = join(view);
    };
    const failed = error => {
      delete view.parts[name];
      reportError(error);
    };
    const loading = Promise.all([view.loading, import(`./${name}.js`).then(joined, failed)]).then(() => {
      if (view.loading === loading) view.loading = null;
    });
    view.loading = loading;
  }
  return view.loading;
}
