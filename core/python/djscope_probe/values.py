"""Python values as typed JSON, without running the user's code.

No `repr`, `str`, `==`, hash, property or iterator of a user's class is called:
each may raise, block, or fetch from the database. Containers are read through
the methods of their built-in base, objects through their instance dictionary.
What a value is, is asked of its type: `isinstance` would read its `__class__`,
and with that evaluate a lazy object.
"""

from __future__ import annotations

import base64
import collections
import datetime
import decimal
import enum
import hashlib
import itertools
import marshal
import math
import os
import pathlib
import re
import sys
import time
import types
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from . import bounds, querysets

_TEXTUAL = frozenset({complex, range, slice, re.Pattern, pathlib.PosixPath, pathlib.WindowsPath})
_OPAQUE = frozenset({
    types.ModuleType, types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType,
    types.FrameType, types.CodeType, types.TracebackType,
})  # fmt: skip
_NAMED = frozenset({type, types.FunctionType, types.BuiltinFunctionType, types.MethodType})
_WRAPPERS = (collections.UserList, collections.UserDict, collections.UserString)
_FRAMEWORKS = ("django.", "djust.", "channels.", "asgiref.", "twisted.", "asyncio.", "threading")
_PLAIN = frozenset({type(None), bool, int, float, str})
# A digest tells nothing to who has only the recording.
_KEY = os.urandom(16)
_CHUNK = 2_000
_FORM_FIELDS = ("is_bound", "data", "initial", "_errors")


def type_name(value: Any) -> str:
    """The dotted name of a value's type, without `builtins.`."""
    return class_name(type(value))


def class_name(cls: type) -> str:
    """The dotted name of a class, without `builtins.`."""
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
        if self.left < 0:
            return _cut(value, None)
        if len(self.path) > bounds.MAX_DEPTH:
            return _cut(value, None, _digest_of_deep(value))
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
        bases = type(value).__mro__
        if enum.Enum in bases:
            name = object.__getattribute__(value, "_name_")
            return _repr(value, f"{type(value).__qualname__}.{name}")
        for base in _WRAPPERS:
            # Before the built-in types: Django's `ErrorList` is a list too, an empty one.
            if base in bases:
                return self._wrapped(value)
        for base, encode in _CONTAINERS.items():
            if base in bases:
                return encode(self, value)
        for base, told_as in _SCALARS.items():
            if base in bases:
                return told_as(value)
        if type(value) in _TEXTUAL:
            return _repr(value, repr(value))
        if not _NAMED.isdisjoint(bases):
            return _repr(value, _named(value))
        if not _OPAQUE.isdisjoint(bases):
            return _repr(value, None)
        return self._instance(value)

    def _wrapped(self, value: Any) -> Any:
        """A `UserList`, `UserDict` or `UserString`: what it has stored is what it is."""
        stored = object.__getattribute__(value, "__dict__")["data"]
        if _django_kind(type(value)) == "errors" and list in type(stored).__mro__:
            return self._items(value, list.__len__(stored), map(_error_text, list.__iter__(stored)), None)
        if list in type(stored).__mro__:
            return self._items(value, list.__len__(stored), list.__iter__(stored), None)
        return self.encode(stored)

    def _list(self, value: list[Any]) -> Any:
        return self._items(value, list.__len__(value), list.__iter__(value), None)

    def _deque(self, value: collections.deque[Any]) -> Any:
        length = collections.deque.__len__(value)
        return self._items(value, length, collections.deque.__iter__(value), None)

    def _tuple(self, value: tuple[Any, ...]) -> Any:
        names = getattr(type(value), "_fields", None)
        if type(value) is not tuple and type(names) is tuple:
            return self._object(value, dict(zip(names, tuple.__iter__(value))))
        return self._items(value, tuple.__len__(value), tuple.__iter__(value), "$tuple")

    def _integer(self, value: int) -> Any:
        return self.encode(int.__int__(value))

    def _float(self, value: float) -> Any:
        return self.encode(float.__float__(value))

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
            wrapped = fields.get("_wrapped")
            if wrapped is not None and type(wrapped) is not object:
                # Evaluated already.
                return self.encode(wrapped)
            args = fields.get("_args") or fields.get("_proxy____args")
            return _repr(value, str(args[0]) if args and type(args[0]) is str else None)
        if BaseException in type(value).__mro__:
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
        if length <= bounds.MAX_ITEMS:
            return kept
        return _cut_kept(value, length, kept, digest_of_rest(iter(pairs[bounds.MAX_ITEMS :])))

    def _items(self, value: Any, length: int, items: Any, tag: str | None) -> Any:
        kept: list[Any] = []
        items = iter(items)
        for item in items:
            if len(kept) >= bounds.MAX_ITEMS:
                rest = itertools.chain([item], items)
                told = kept if tag is None else {tag: kept}
                return _cut_kept(value, length, told, digest_of_rest(rest))
            kept.append(self.encode(item))
        return kept if tag is None else {tag: kept}

    def _set(self, value: Any) -> Any:
        base = set if set in type(value).__mro__ else frozenset
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


def _string(value: str) -> Any:
    safe = any(base.__name__ == "SafeString" for base in type(value).__mro__)
    text = _text(str.__str__(value))
    return {"$safe": text} if safe and type(text) is str else text


def _bytes(value: Any) -> Any:
    length = memoryview(value).nbytes
    told = base64.b64encode(bytes(memoryview(value)[: bounds.MAX_TEXT])).decode("ascii")
    kept = {"$bytes": told}
    return kept if length <= bounds.MAX_TEXT else _cut_kept(value, length, kept, digest(value))


# By base type, in the order in which they are looked for.
_CONTAINERS: dict[type, Callable[[Encoder, Any], Any]] = {
    dict: Encoder._dict, list: Encoder._list, tuple: Encoder._tuple,
    set: Encoder._set, frozenset: Encoder._set, collections.deque: Encoder._deque,
    int: Encoder._integer, float: Encoder._float,
}  # fmt: skip
_SCALARS: dict[type, Callable[[Any], Any]] = {
    str: _string, bytes: _bytes, bytearray: _bytes,
    decimal.Decimal: lambda value: {"$decimal": decimal.Decimal.__str__(value)},
    datetime.datetime: lambda value: {"$datetime": datetime.datetime.isoformat(value)},
    datetime.date: lambda value: {"$date": datetime.date.isoformat(value)},
    datetime.time: lambda value: {"$time": datetime.time.isoformat(value)},
    datetime.timedelta: lambda value: {
        "$timedelta": datetime.timedelta.total_seconds(value)
    },
    uuid.UUID: lambda value: {"$uuid": uuid.UUID.__str__(value)},
}  # fmt: skip


def _error_text(error: Any) -> Any:
    """What a list of Django's errors shows of one: its message with its parameters."""
    fields = instance_fields(error) or {}
    message, params = fields.get("message"), fields.get("params")
    args = None if message is None else (instance_fields(message) or {}).get("_args")
    if type(args) is tuple and args and type(args[0]) is str:
        # A translation that was put off; it is told as it stands in the source.
        message = args[0]
    if type(message) is not str:
        return error
    if type(params) is dict and all(type(each) in _PLAIN for each in params.values()):
        try:
            return message % params
        except Exception:
            return message
    return message


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
        elif "django.forms.utils.ErrorList" in names:
            kind = "errors"
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
    if types.MethodType in type(value).__mro__:
        value = value.__func__
    if _NAMED.isdisjoint(type(value).__mro__):
        return f"<{type_name(value)}>"
    kind = "class" if type in type(value).__mro__ else "function"
    return f"<{kind} {getattr(value, '__module__', '?')}.{value.__qualname__}>"


def _text(value: str) -> Any:
    if len(value) <= bounds.MAX_TEXT:
        return value
    whole = digest(value.encode("utf-8", "surrogatepass"))
    return _cut_kept(value, len(value), value[: bounds.MAX_TEXT], whole)


def _digits(value: int) -> str:
    # Python refuses to write very long numbers in decimal; hexadecimal is always allowed.
    return str(value) if value.bit_length() < 10_000 else hex(value)[: bounds.MAX_TEXT]


def digest(data: Any) -> str:
    """A short print of bytes: equal for equal ones, in this process."""
    return hashlib.blake2b(data, digest_size=8, key=_KEY).hexdigest()


def digest_of_rest(items: Iterator[Any]) -> str | None:
    """A print of the items that are left out; None if they are too many or no plain data."""
    hasher = hashlib.blake2b(digest_size=8, key=_KEY)
    left = bounds.MAX_DIGEST
    while chunk := list(itertools.islice(items, _CHUNK)):
        try:
            # Later versions write how often an object is referred to.
            data = marshal.dumps(chunk, 2)
        except (ValueError, RecursionError, MemoryError):
            return None
        left -= len(data)
        if left < 0:
            return None
        hasher.update(data)
    return hasher.hexdigest()


def cut(kind: str, length: int, kept: Any, digest: str | None = None) -> Any:
    """The mark of a value that is told in part. Without a digest it may differ unseen."""
    told = {"type": kind, "length": length, "kept": kept}
    return {"$cut": told if digest is None else {**told, "digest": digest}}


def _cut_kept(value: Any, length: int, kept: Any, digest: str | None = None) -> Any:
    return cut(type_name(value), length, kept, digest)


def _digest_of_deep(value: Any) -> str | None:
    """A print of a value below the deepest level; None if it is no plain data, or too much."""
    try:
        data = marshal.dumps(value, 2)
    except (ValueError, RecursionError, MemoryError):
        return None
    return digest(data) if len(data) <= bounds.MAX_DIGEST else None


def _cut(value: Any, kept: Any, digest: str | None = None) -> Any:
    bases = type(value).__mro__
    base = next((b for b in (dict, list, tuple, set, frozenset) if b in bases), None)
    return _cut_kept(value, base.__len__(value) if base else 0, kept, digest)
