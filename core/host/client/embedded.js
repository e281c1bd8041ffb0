// Views inside the view, which come whole when they change.

import { become } from './morph.js';

export const join = view => ({
  on_embedded_update(frame) {
    const child = view.root.querySelector(`[data-djust-embedded="${CSS.escape(frame.view_id)}"]`);
    if (child) view.change(() => become(frame.html, child));
    view.on_noop(frame);
  },
});
