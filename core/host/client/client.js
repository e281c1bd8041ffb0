// djscope's browser client for views that speak djust's wire protocol.

import { View } from './view.js';

// Brings the view of the page to life; null if the page has none.
export function start(url = `${location.protocol.replace('http', 'ws')}//${location.host}/ws/live/`) {
  const root = document.querySelector('[dj-view]:not([dj-sticky-root]):not([data-djust-embedded])');
  return root && new View(root, url);
}
