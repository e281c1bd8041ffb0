"""How the probe comes in: what waits for the import of djust, and what loads the probe then.

Both ways in use it, `sitecustomize` of `djscope run` and the dormant package of
`djscope probe install`, which has it as its own `entrance`. It is read at every
start of Python there, so it imports nothing that Python has not loaded by then.
"""

import os
import sys


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


def load_probe(folder):
    """Loads the package `djscope_probe` that is in a folder, which needs no place on `sys.path`.

    Raises PermissionError if others can write to one of the two.
    """
    if "djscope_probe" in sys.modules:
        return
    from importlib.util import module_from_spec, spec_from_file_location

    package = os.path.join(folder, "djscope_probe")
    for place in (folder, package):
        if os.name == "posix" and os.stat(place).st_mode & 0o002:
            raise PermissionError(f"others can write to {place}")
    spec = spec_from_file_location(
        "djscope_probe",
        os.path.join(package, "__init__.py"),
        submodule_search_locations=[package],
    )
    module = module_from_spec(spec)
    sys.modules["djscope_probe"] = module
    spec.loader.exec_module(module)
