"""Python values as typed JSON, without running the user's code.

No `repr`, `str`, `==`, hash, property or iterator of a user's class is called:
each may raise, block, or fetch from the database. Containers are read through
the methods of their built-in base, objects through their instance dictionary.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import enum
import math
import pathlib
import re
import sys
import time
import types
import uuid
from typing import Any

from . import bounds, querysets

_TEXTUAL = frozenset({complex, range, slice, re.Pattern, pathlib.PosixPath, pathlib.WindowsPath})
_OPAQUE = (
    types.ModuleType, types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType,
    types.FrameType, types.CodeType, types.TracebackType,
)  # fmt: skip
_NAMED = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType)
_FRAMEWORKS = ("django.", "djust.", "channels.", "asgiref.", "twisted.", "asyncio.", "threading")
_FORM_FIELDS = ("is_bound", "data", "initial", "_errors")


def type_name(value: Any) -> str:
    """The dotted name of a value's type, without `builtins.`."""
    cls = type(value)
    module = cls.__module__
    return cls.__qualname__ if module in ("builtins", None) else f"{module}.{cls.__qualname__}"


def instance_fields(value: Any) -> dict[str, Any] | None:
    """What is stored on the instance itself: its dictionary and its slots."""
    fields: dict[str, Any] = {}
    try:
        own = object.__getattribute__(value, "__dict__")
        if type(own) is dict:
            fields.update(own)
    except AttributeError:
        pass
    for cls in type.mro(type(value)):
        for name, member in list(vars(cls).items()):
            if isinstance(member, types.MemberDescriptorType):
                try:
                    fields.setdefault(name, member.__get__(value, type(value)))
                except AttributeError:
                    continue
    return fields or None


class Encoder:
    """Encodes one value; holds the path walked so far and the nodes still allowed.

    `yields` makes it give way to other threads now and then: the sender's
    encoding must not hold the interpreter while a request waits for it.
    """

    __slots__ = ("left", "path", "yields")

    def __init__(self, walk: int | None = None, *, yields: bool = False) -> None:
        self.left = sys.maxsize if walk is None else walk
        self.path: list[int] = []
        self.yields = yields

    def encode(self, value: Any) -> Any:
        """The value as data that `json.dumps` takes."""
        cls = type(value)
        if value is None or cls is bool:
            return value
        if cls is str:
            return _text(value)
        if cls is int:
            return value if -(2**63) <= value < 2**63 else {"$int": _digits(value)}
        if cls is float:
            return value if math.isfinite(value) else {"$float": repr(value)}
        self.left -= 1
        if self.left < 0 or len(self.path) > bounds.MAX_DEPTH:
            return _cut(value, None)
        if self.yields and self.left & 1023 == 0:
            time.sleep(0)
        marker = id(value)
        if marker in self.path:
            return {"$cycle": type_name(value)}
        self.path.append(marker)
        try:
            return self._compound(value)
        except RecursionError:
            return _cut(value, None)
        except Exception as error:
            return _repr(value, f"<{type_name(value)}: unreadable, {type(error).__name__}>")
        finally:
            self.path.pop()

    def _compound(self, value: Any) -> Any:
        if isinstance(value, enum.Enum):
            name = object.__getattribute__(value, "_name_")
            return _repr(value, f"{type(value).__qualname__}.{name}")
        if isinstance(value, dict):
            return self._dict(value)
        if isinstance(value, list):
            return self._items(value, list.__len__(value), list.__iter__(value), None)
        if isinstance(value, tuple):
            names = getattr(type(value), "_fields", None)
            if type(value) is not tuple and isinstance(names, tuple):
                return self._object(value, dict(zip(names, tuple.__iter__(value))))
            return self._items(value, tuple.__len__(value), tuple.__iter__(value), "$tuple")
        if isinstance(value, (set, frozenset)):
            return self._set(value)
        if isinstance(value, str):
            safe = any(base.__name__ == "SafeString" for base in type(value).__mro__)
            text = _text(str.__str__(value))
            return {"$safe": text} if safe and isinstance(text, str) else text
        if isinstance(value, (bytes, bytearray)):
            return _bytes(value)
        if isinstance(value, int):
            return self.encode(int.__int__(value))
        if isinstance(value, float):
            return self.encode(float.__float__(value))
        return self._scalar(value)

    def _scalar(self, value: Any) -> Any:
        if isinstance(value, decimal.Decimal):
            return {"$decimal": decimal.Decimal.__str__(value)}
        if isinstance(value, datetime.datetime):
            return {"$datetime": datetime.datetime.isoformat(value)}
        if isinstance(value, datetime.date):
            return {"$date": datetime.date.isoformat(value)}
        if isinstance(value, datetime.time):
            return {"$time": datetime.time.isoformat(value)}
        if isinstance(value, datetime.timedelta):
            return {"$timedelta": datetime.timedelta.total_seconds(value)}
        if isinstance(value, uuid.UUID):
            return {"$uuid": uuid.UUID.__str__(value)}
        if type(value) in _TEXTUAL:
            return _repr(value, repr(value))
        if isinstance(value, _NAMED):
            return _repr(value, _named(value))
        if isinstance(value, _OPAQUE):
            return _repr(value, None)
        return self._instance(value)

    def _instance(self, value: Any) -> Any:
        kind = _django_kind(type(value))
        if kind in ("model", "queryset"):
            return self._model(value) if kind == "model" else self._queryset(value)
        fields = instance_fields(value)
        if kind == "form" and fields:
            return self._object(value, {k: fields[k] for k in _FORM_FIELDS if k in fields})
        if kind == "component" and fields:
            return self._object(value, {k: v for k, v in fields.items() if k[:1] != "_"})
        if kind == "lazy" and fields:
            args = fields.get("_args") or fields.get("_proxy____args")
            return _repr(value, str(args[0]) if args and type(args[0]) is str else None)
        if isinstance(value, BaseException):
            told = [a for a in value.args if type(a) in (str, int, float, bool, type(None))]
            return _repr(value, f"{type(value).__qualname__}({', '.join(map(repr, told))})")
        if kind == "opaque" or not fields:
            return _repr(value, None)
        return self._object(value, fields)

    def _object(self, value: Any, fields: dict[str, Any]) -> Any:
        shown = list(fields.items())[: bounds.MAX_ITEMS]
        told = {str(name): self.encode(item) for name, item in shown}
        if not any(_holds_data(item) for item in told.values()):
            return _repr(value, None)
        return {"$object": {"type": type_name(value), "fields": told}}

    def _dict(self, value: dict[Any, Any]) -> Any:
        length = dict.__len__(value)
        pairs = list(dict.items(value))
        plain = all(type(key) is str and key[:1] != "$" for key, _ in pairs[: bounds.MAX_ITEMS])
        told = pairs[: bounds.MAX_ITEMS]
        if plain:
            kept: Any = {key: self.encode(item) for key, item in told}
        else:
            kept = {"$dict": [[self.encode(key), self.encode(item)] for key, item in told]}
        return kept if length <= bounds.MAX_ITEMS else _cut_kept(value, length, kept)

    def _items(self, value: Any, length: int, items: Any, tag: str | None) -> Any:
        kept: list[Any] = []
        for index, item in enumerate(items):
            if index >= bounds.MAX_ITEMS:
                return _cut_kept(value, length, kept)
            kept.append(self.encode(item))
        return kept if tag is None else {tag: kept}

    def _set(self, value: Any) -> Any:
        base = set if isinstance(value, set) else frozenset
        length = base.__len__(value)
        items = list(base.__iter__(value))
        if len({type(item) for item in items}) == 1 and type(items[0]) in (str, int, float):
            items.sort()
            return self._items(value, length, items, "$set")
        kept = self._items(value, length, items, "$set")
        if "$set" in kept:
            kept["$set"].sort(key=repr)
        return kept

    def _model(self, value: Any) -> Any:
        meta = type(value)._meta
        stored = object.__getattribute__(value, "__dict__")
        fields = {
            field.attname: self.encode(stored[field.attname])
            for field in meta.concrete_fields
            if field.attname in stored
        }
        key = meta.pk.attname if meta.pk is not None else None
        name = {"app": meta.app_label, "model": meta.object_name}
        return {"$model": {**name, "pk": fields.get(key), "fields": fields}}

    def _queryset(self, value: Any) -> Any:
        stored = object.__getattribute__(value, "__dict__")
        model, cached = stored.get("model"), stored.get("_result_cache")
        label = model._meta.label if model is not None else None
        rows = None if cached is None else self.encode(cached)
        sql = querysets.sql_of(stored) if rows is None else None
        return {"$queryset": {"model": label, "rows": rows, "sql": sql}}


def _django_kind(cls: type, known: dict[type, str] = {}) -> str:  # noqa: B006
    """What a class is to Django or djust; the answer is kept by class."""
    kind = known.get(cls)
    if kind is None:
        names = [f"{base.__module__}.{base.__qualname__}" for base in cls.__mro__]
        if "django.db.models.base.Model" in names and hasattr(cls, "_meta"):
            kind = "model"
        elif "django.db.models.query.QuerySet" in names:
            kind = "queryset"
        elif "django.forms.forms.BaseForm" in names:
            kind = "form"
        elif any(n.startswith("djust.components.base.") for n in names):
            kind = "component"
        elif "djust.live_view.LiveView" in names:
            kind = "opaque"
        elif any(n.startswith("django.utils.functional.") for n in names):
            kind = "lazy"
        elif cls.__module__ is None or f"{cls.__module__}.".startswith(_FRAMEWORKS):
            kind = "opaque"
        else:
            kind = "object"
        known[cls] = kind
    return kind


def _holds_data(told: Any) -> bool:
    return type(told) is not dict or not ("$repr" in told or "$cycle" in told)


def _repr(value: Any, text: str | None) -> Any:
    name = type_name(value)
    return {"$repr": {"type": name, "text": f"<{name}>" if text is None else text[:1000]}}


def _named(value: Any) -> str:
    if isinstance(value, types.MethodType):
        value = value.__func__
    if not isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
        return f"<{type_name(value)}>"
    kind = "class" if isinstance(value, type) else "function"
    return f"<{kind} {getattr(value, '__module__', '?')}.{value.__qualname__}>"


def _text(value: str) -> Any:
    if len(value) <= bounds.MAX_TEXT:
        return value
    kept = value[: bounds.MAX_TEXT]
    return {"$cut": {"type": "str", "length": len(value), "kept": kept}}


def _bytes(value: Any) -> Any:
    length = len(value)
    told = base64.b64encode(bytes(memoryview(value)[: bounds.MAX_TEXT])).decode("ascii")
    kept = {"$bytes": told}
    return kept if length <= bounds.MAX_TEXT else _cut_kept(value, length, kept)


def _digits(value: int) -> str:
    # Python refuses to write very long numbers in decimal; hexadecimal is always allowed.
    return str(value) if value.bit_length() < 10_000 else hex(value)[: bounds.MAX_TEXT]


def _cut_kept(value: Any, length: int, kept: Any) -> Any:
    return {"$cut": {"type": type_name(value), "length": length, "kept": kept}}


def _cut(value: Any, kept: Any) -> Any:
    base = next((b for b in (dict, list, tuple, set, frozenset) if isinstance(value, b)), None)
    return _cut_kept(value, base.__len__(value) if base else 0, kept)
