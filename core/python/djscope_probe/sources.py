"""The modules of the project that a view class is made of: their text, once by hash."""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
import textwrap
import types
from collections.abc import Iterator
from typing import Any

from . import bounds, places, trouble

_sent: set[str] = set()


def start_over() -> None:
    """Forgets what was sent, in a new process."""
    _sent.clear()


def of_class(
    cls: type, components: list[type]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """References to the modules of a view class, and `source` messages for those that were not sent yet."""
    references: list[dict[str, Any]] = []
    unsent: list[dict[str, Any]] = []
    for module, role in _modules(cls, components):
        if len(references) >= bounds.MAX_MODULES:
            break
        found = _read(module)
        if found is None:
            continue
        file, data = found
        digest = hashlib.sha256(data).hexdigest()
        references.append({"module": module.__name__, "role": role, "file": file, "hash": digest})
        if digest not in _sent and len(data) <= bounds.MAX_SOURCE:
            _sent.add(digest)
            text = data.decode("utf-8", "replace")
            unsent.append(
                {"type": "source", "hash": digest, "module": module.__name__, "file": file, "text": text}
            )
    return references, unsent


def text_of(item: Any) -> tuple[str | None, int | None, str | None]:
    """File, first line and text of a class or function; all None if Python does not know them."""
    try:
        found = _again(inspect.getsourcelines, item)
        if found is None:
            return None, None, None
        lines, first = found
        return inspect.getsourcefile(item), first, "".join(lines)
    except (OSError, TypeError):
        return None, None, None


def parsed(text: str) -> ast.AST | None:
    """The syntax tree of a text, or None."""
    try:
        tree: ast.AST | None = _again(ast.parse, textwrap.dedent(text))
        return tree
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _again(function: Any, *args: Any) -> Any:
    """Calls what parses. Python 3.11 was seen to raise SystemError there while other threads were at work."""
    for _ in range(5):
        try:
            return function(*args)
        except SystemError:
            continue
    return None


def _modules(cls: type, components: list[type]) -> Iterator[tuple[types.ModuleType, str]]:
    """The project's modules behind a class, each once, with what they are to it."""
    seen: set[str] = set()
    behind = [(cls, "view"), *((base, "base") for base in cls.__mro__[1:])]
    behind.extend((base, "component") for each in components for base in each.__mro__)
    firsts: list[types.ModuleType] = []
    for each, role in behind:
        module = sys.modules.get(each.__module__)
        if module is not None and module.__name__ not in seen and _is_users(module):
            seen.add(module.__name__)
            firsts.append(module)
            yield module, role
    for module in firsts:
        for helper in _imported(module):
            if helper.__name__ not in seen and _is_users(helper):
                seen.add(helper.__name__)
                yield helper, "helper"


def _imported(module: types.ModuleType) -> Iterator[types.ModuleType]:
    """The modules that a module's names come from. `isinstance` would evaluate what is lazy."""
    for item in list(vars(module).values()):
        kinds = type(item).__mro__
        if types.ModuleType in kinds:
            yield item
        elif types.FunctionType in kinds or type in kinds:
            found = sys.modules.get(item.__module__)
            if found is not None:
                yield found


def _is_users(module: types.ModuleType) -> bool:
    file = vars(module).get("__file__")
    return type(file) is str and places.rank(file) == places.USER


def _read(module: types.ModuleType) -> tuple[str, bytes] | None:
    file = vars(module).get("__file__")
    try:
        with open(file, "rb") as opened:
            # One more than is sent shows that it is too long; its hash is of all that was read.
            return file, opened.read()
    except OSError as error:
        trouble.failed("sources", error)
        return None
