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


class _Loader:
    """Loads a module with its own loader, then tells the probe."""

    def __init__(self, loader):
        self._loader = loader

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        spec = module.__spec__
        spec.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        try:
            _probe().loaded(spec.name, module)
        except Exception:
            pass


class _Finder:
    """Finds nothing by itself: asks the other finders, and stands before their loader."""

    def find_spec(self, name, path=None, target=None):
        if name not in _MODULES:
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find is not None else None
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader)
                return spec
        return None


def _probe():
    """The probe's package, loaded from beside this directory without a place on `sys.path`."""
    if "djscope_probe" not in sys.modules:
        from importlib.util import module_from_spec, spec_from_file_location

        directory = os.path.join(os.path.dirname(_HERE), "djscope_probe")
        if any(map(_is_open_to_others, (os.path.dirname(directory), directory))):
            raise PermissionError(f"others can write to {directory}")
        spec = spec_from_file_location(
            "djscope_probe",
            os.path.join(directory, "__init__.py"),
            submodule_search_locations=[directory],
        )
        module = module_from_spec(spec)
        sys.modules["djscope_probe"] = module
        spec.loader.exec_module(module)
    import djscope_probe.hooks

    return djscope_probe.hooks


def _is_open_to_others(directory):
    return os.name == "posix" and bool(os.stat(directory).st_mode & 0o002)


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
    sys.meta_path.insert(0, _Finder())
_run_hidden()
