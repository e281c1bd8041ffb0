"""View classes, described: where they are, their handlers, their template."""

from __future__ import annotations

import inspect
import weakref
from typing import Any

from . import class_data, messages, sources, templates, trouble, values

_sent: weakref.WeakSet[type] = weakref.WeakSet()


def start_over() -> None:
    """Forgets what was told, in a new process."""
    _sent.clear()
    sources.start_over()


def unsent(cls: type, record: Any = None, context: list[str] | None = None) -> list[str]:
    """The `source` and `view` messages of a class that was not told yet, as lines.

    `record`: of its first view. `context`: the names of its first context.
    """
    if cls in _sent:
        return []
    _sent.add(cls)
    try:
        data, components = class_data.safely(cls, record, context)
        references, texts = sources.of_class(cls, components)
        if data is not None:
            data["sources"] = references
        return [messages.line(each) for each in (*texts, {**described(cls), "data": data})]
    except Exception as error:
        trouble.failed("view class", error)
        return []


def described(cls: type) -> dict[str, Any]:
    """The `view` message of a class."""
    file, line, _ = sources.text_of(cls)
    return {
        "type": "view",
        "class": f"{cls.__module__}.{cls.__qualname__}",
        "file": file,
        "line": line,
        "handlers": _handlers(cls),
        "template": templates.described(cls),
    }


def _handlers(cls: type) -> list[dict[str, Any]]:
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        for name, member in vars(base).items():
            if inspect.isfunction(member) and _decorators(member).get("event_handler"):
                found[name] = member
            elif name in found:
                del found[name]
    # djust's own handlers are the same on every view and not the user's code.
    own = {n: m for n, m in found.items() if not (m.__module__ or "").startswith("djust.")}
    return [_handler(name, member) for name, member in own.items()]


def _decorators(member: Any) -> dict[str, Any]:
    told = getattr(member, "_djust_decorators", None)
    return told if isinstance(told, dict) else {}


def _handler(name: str, member: Any) -> dict[str, Any]:
    file, line, source = sources.text_of(inspect.unwrap(member))
    decorators = {k: v for k, v in _decorators(member).items() if k != "event_handler"}
    return {
        "name": name, "file": file, "line": line, "source": source,
        "decorators": values.Encoder(1000).encode(decorators), "params": _params(member),
    }  # fmt: skip


def _params(member: Any) -> list[dict[str, Any]]:
    told = []
    for parameter in list(inspect.signature(member).parameters.values())[1:]:
        stars = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind.name, "")
        annotation, default = parameter.annotation, parameter.default
        kind = None
        if annotation is not parameter.empty:
            kind = annotation if isinstance(annotation, str) else _type_text(annotation)
        required = default is parameter.empty and not stars
        given = None if default is parameter.empty else _default_text(default)
        told.append(
            {"name": stars + parameter.name, "type": kind, "required": required, "default": given}
        )
    return told


def _type_text(annotation: Any) -> str:
    if isinstance(annotation, type):
        return (
            annotation.__name__
            if annotation.__module__ == "builtins"
            else (f"{annotation.__module__}.{annotation.__qualname__}")
        )
    return inspect.formatannotation(annotation)


def _default_text(default: Any) -> str:
    plain = (type(None), bool, int, float, str, bytes, tuple)
    return repr(default) if type(default) in plain else f"<{values.type_name(default)}>"
