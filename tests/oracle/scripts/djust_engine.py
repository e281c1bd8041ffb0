"""djust's own engine answers: JSON lines in, JSON lines out.

{"old", "new"}       -> {"patches"}
{"template", "steps": [{"state", "changed"}], "loop_cache"?} -> {"steps": [{"html", "patches", "version"}]}
{"model_fields_of"}  -> {"fields"}
"""

import json
import sys

from djust._rust import RustLiveView, diff_html, dj_model_fields_from_template


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


def model_fields(request):
    return {"fields": sorted(dj_model_fields_from_template(request["model_fields_of"], []))}


ANSWERS = {"template": session, "model_fields_of": model_fields, "old": patches_between}

for line in sys.stdin:
    request = json.loads(line)
    answer = next(answer for key, answer in ANSWERS.items() if key in request)
    print(json.dumps(answer(request)), flush=True)
