"""A view's template and the templates that it extends and includes, as files.

Files are looked for where Django's directory loaders look. Loaders are not
called: they may be the user's, and may read from anywhere.
"""

from __future__ import annotations

import os
import re
from typing import Any

_REFERENCE = re.compile(r"""{%-?\s*(extends|include)\s+(?:"([^"]+)"|'([^']+)')""")
_MAX_SOURCES = 50


def described(cls: type) -> dict[str, Any] | None:
    """The name and all sources of a view class's template; None if it has none."""
    name = getattr(cls, "template_name", None)
    inline = getattr(cls, "template", None)
    if isinstance(name, str) and name:
        sources: list[dict[str, Any]] = []
        _gather(name, "self", sources, set())
        return {"name": name, "sources": sources}
    if isinstance(inline, str) and inline:
        sources = [{"name": None, "file": None, "role": "self", "source": str.__str__(inline)}]
        seen: set[str] = set()
        for role, other in _references(inline):
            _gather(other, role, sources, seen)
        return {"name": None, "sources": sources}
    return None


def _references(source: str) -> list[tuple[str, str]]:
    roles = {"extends": "extends", "include": "include"}
    return [(roles[m[1]], m[2] or m[3]) for m in _REFERENCE.finditer(source)]


def _gather(name: str, role: str, sources: list[dict[str, Any]], seen: set[str]) -> None:
    if name in seen or len(sources) >= _MAX_SOURCES:
        return
    seen.add(name)
    file, source = _find(name)
    sources.append({"name": name, "file": file, "role": role, "source": source})
    for other_role, other in _references(source or ""):
        _gather(other, other_role, sources, seen)


def _find(name: str) -> tuple[str | None, str | None]:
    for directory in _directories():
        path = os.path.normpath(os.path.join(directory, name))
        if path.startswith(os.path.normpath(directory) + os.sep) and os.path.isfile(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                return path, file.read()
    return None, None


def _directories() -> list[str]:
    from django.conf import settings
    from django.template.utils import get_app_template_dirs

    found: list[str] = []
    for engine in settings.TEMPLATES:
        found.extend(str(directory) for directory in engine.get("DIRS") or ())
    found.extend(str(directory) for directory in get_app_template_dirs("templates"))
    return found
