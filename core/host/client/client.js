// djscope's browser client for views that speak djust's wire protocol.

import { Bindings } from './bindings.js';
import { Debug } from './debug.js';
import { follow } from './model.js';
import { Navigation } from './navigation.js';
import { upload } from './uploads.js';
import { View } from './view.js';

// Brings the view of the page to life; null if the page has none.
export function start(url = `${location.protocol.replace('http', 'ws')}//${location.host}/ws/live/`) {
  const root = document.querySelector('[dj-view]:not([dj-sticky-root]):not([data-djust-embedded])');
  if (!root) return null;
  const navigation = new Navigation();
  const view = new View(root, url, new Debug(), navigation);
  navigation.view = view;
  new Bindings(view);
  follow(view);
  upload(view);
  return view;
}
