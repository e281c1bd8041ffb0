"""Lets djscope attach to the djust servers of this environment, without a restart.

`djscope probe install` puts this package beside `djscope_dormant.pth`, by which
Python runs it at its start; `djscope probe uninstall` takes both away. All that
it does is to wait for djust: one finder, a comparison for each import, gone as
soon as djust was imported. The rest is in `djscope_probe`, loaded then.

A server that djscope has started has a probe already, and `DJSCOPE_PROBE=0`
wants none: nothing is done in either.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))


class _Loader:
    """Loads a module with its own loader, then says so."""

    def __init__(self, loader, loaded):
        self._loader = loader
        self._loaded = loaded

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        spec = module.__spec__
        spec.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        try:
            self._loaded(spec.name, module)
        except Exception:
            pass


class _Finder:
    """Finds nothing by itself: asks the other finders, and stands before their loader."""

    def __init__(self, names, loaded):
        self._names = names
        self._loaded = loaded

    def find_spec(self, name, path=None, target=None):
        if name not in self._names:
            return None
        for finder in list(sys.meta_path):
            find = None if isinstance(finder, _Finder) else getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find is not None else None
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader, self._loaded)
                return spec
        return None


def wait_for(names, loaded):
    """Has `loaded(name, module)` called after each of these modules is imported; gives what takes that back."""
    finder = _Finder(names, loaded)
    sys.meta_path.insert(0, finder)

    def leave():
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)

    return leave


def _offer(_name, _module):
    """djust is there: this process may be a server."""
    _leave()
    from importlib.util import module_from_spec, spec_from_file_location

    directory = os.path.join(_HERE, "djscope_probe")
    if "djscope_probe" in sys.modules or any(map(_is_open_to_others, (_HERE, directory))):
        return
    spec = spec_from_file_location(
        "djscope_probe",
        os.path.join(directory, "__init__.py"),
        submodule_search_locations=[directory],
    )
    module = module_from_spec(spec)
    sys.modules["djscope_probe"] = module
    spec.loader.exec_module(module)
    import djscope_probe.offer

    djscope_probe.offer.begin(wait_for)


def _is_open_to_others(directory):
    return os.name == "posix" and bool(os.stat(directory).st_mode & 0o002)


if not os.environ.get("DJSCOPE_PROBE_ADDRESS") and os.environ.get("DJSCOPE_PROBE") != "0":
    _leave = wait_for(frozenset({"djust"}), _offer)
