"""Brings the djscope probe into a Python process, by `PYTHONPATH` alone.

Python runs this at its start. It registers one finder that waits for djust's
modules and costs a set lookup per import otherwise; the probe itself is loaded
when the first of them has been loaded. A `sitecustomize` that this one hides
runs as it would have.
"""

import os
import sys

_MODULES = frozenset(
    "djust." + name
    for name in (
        "live_view",
        "mixins.async_work",
        "mixins.request",
        "mixins.rust_bridge",
        "mixins.sticky",
        "mixins.template",
        "push",
        "runtime",
        "signals",
        "sse",
        "time_travel",
        "websocket",
    )
)
_HERE = os.path.dirname(os.path.abspath(__file__))


def _loaded(name, module):
    from djscope_entrance import load_probe

    load_probe(os.path.dirname(_HERE))
    import djscope_probe.hooks

    djscope_probe.hooks.loaded(name, module)


def _run_hidden():
    """Runs the next `sitecustomize` on the path in place of this module."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    others = [place for place in sys.path if os.path.abspath(place or ".") != _HERE]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if os.environ.get("DJSCOPE_PROBE_ADDRESS"):
    from djscope_entrance import wait_for

    wait_for(_MODULES, _loaded)
_run_hidden()
