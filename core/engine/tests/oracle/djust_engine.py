"""djust's own engine answers: JSON lines in, JSON lines out.

{"old", "new"}       -> {"patches"}
{"template", "steps": [{"state", "changed"}], "loop_cache"?} -> {"steps": [{"html", "patches", "version"}]}
"""

import json
import sys

from djust._rust import RustLiveView, diff_html


def patches_between(request):
    return {"patches": json.loads(diff_html(request["old"], request["new"]))}


def session(request):
    view = RustLiveView(request["template"])
    view.set_loop_render_cache_enabled(request.get("loop_cache", False))
    steps = []
    for step in request["steps"]:
        view.update_state(step["state"])
        if step["changed"] is not None:
            view.set_changed_keys(step["changed"])
        html, patches, version = view.render_with_diff()
        steps.append({"html": html, "patches": patches and json.loads(patches), "version": version})
    return {"steps": steps}


for line in sys.stdin:
    request = json.loads(line)
    answer = session(request) if "template" in request else patches_between(request)
    print(json.dumps(answer), flush=True)
