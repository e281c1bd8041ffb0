"""Typed JSON of a recording as Python values: the way back from `djscope_probe.values`.

What JSON cannot hold is taken from a donor, the value that the view's own
`mount()` has made, or stands as a `Lost`, which says so when it is first used.
"""

from __future__ import annotations

import base64
import builtins
import datetime
import decimal
import enum
import importlib
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any

from djscope_probe.values import type_name

_MARK = "[redacted"


# Types of values that are as good as any other of their kind: nothing that a handler does is kept in them.
_WITHOUT_STATE = frozenset({
    "function", "builtin_function_or_method", "method", "type", "module", "functools.partial", "_thread.lock",
    "_thread.RLock", "logging.Logger",
})  # fmt: skip


class LostValue(RuntimeError):
    """What a handler sees that uses a value which the recording does not hold."""


# What was used of it since the beginning of the turn.
touched: list[str] = []


class Lost:
    """Stands for a value that the recording does not hold."""

    def __init__(self, why: str) -> None:
        object.__setattr__(self, "_why", why)

    def _used(self, *_: Any, **__: Any) -> Any:
        why = object.__getattribute__(self, "_why")
        touched.append(why)
        raise LostValue(f"not in the recording: {why}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self._used()

    __call__ = __iter__ = __len__ = __getitem__ = __enter__ = __bool__ = __add__ = __next__ = _used
    __str__ = __int__ = __float__ = __contains__ = __setitem__ = __lt__ = __gt__ = _used


def found(path: str) -> Any:
    """What a dotted path names; None if nothing does."""
    parts = path.split(".")
    for end in range(len(parts) - 1, 0, -1):
        try:
            item: Any = importlib.import_module(".".join(parts[:end]))
        except Exception:
            continue
        for part in parts[end:]:
            item = getattr(item, part, None)
        return item
    return getattr(builtins, path, None)


def _tag(value: Any) -> tuple[str, Any] | None:
    if type(value) is dict and len(value) == 1:
        ((key, inner),) = value.items()
        if key[:1] == "$":
            return key, inner
    return None


def _same_type(donor: Any, name: str) -> bool:
    return donor is not None and type_name(donor) == name


class Restorer:
    """Makes values; lists what of them is not as it was."""

    def __init__(self) -> None:
        # (path, why) of what was lost or taken from elsewhere.
        self.lossy: list[tuple[str, str]] = []

    def note_kept(self, told: Any, path: str) -> None:
        """A value that was left as `mount()` has made it: what it keeps to itself may be another thing."""
        if type(told) is list:
            for index, item in enumerate(told):
                self.note_kept(item, f"{path}[{index}]")
        elif type(told) is dict:
            if len(told) == 1 and type(told.get("$repr")) is dict:
                self._note_kind(told["$repr"]["type"], path)
            for key, item in told.items():
                self.note_kept(item, path if key.startswith("$") or key == "fields" else f"{path}.{key}")

    def _note_kind(self, name: str, path: str) -> None:
        cls = found(name)
        is_enum = isinstance(cls, type) and issubclass(cls, enum.Enum)
        if name not in _WITHOUT_STATE and not is_enum:
            self._note(path, f"a {name} cannot be recorded: the one of mount() stands for it")

    def value(self, told: Any, donor: Any = None, path: str = "") -> Any:
        """The value; what it lacks comes from `donor`."""
        kind = type(told)
        if kind is list:
            return self._list(told, donor, path)
        if kind is str and _MARK in told:
            return self._redacted(told, donor, path)
        if kind is not dict:
            return told
        tagged = _tag(told)
        if tagged is None:
            return self._dict(told, donor, path)
        make = _MAKERS.get(tagged[0])
        if make is None:
            return self._lost(path, f"{tagged[0]} is not known")
        return make(self, tagged[1], donor, path)

    def _note(self, path: str, why: str) -> None:
        self.lossy.append((path, why))

    def _lost(self, path: str, why: str) -> Lost:
        self._note(path, why)
        return Lost(f"{path}: {why}")

    def _items(self, told: list[Any], donor: Any, path: str) -> list[Any]:
        donors = donor if isinstance(donor, (list, tuple, deque)) else ()
        return [
            self.value(item, donors[i] if i < len(donors) else None, f"{path}[{i}]")
            for i, item in enumerate(told)
        ]

    def _list(self, told: list[Any], donor: Any, path: str) -> Any:
        items = self._items(told, donor, path)
        if donor is None or type(donor) is list:
            return items
        if type(donor) is deque:
            return deque(items, donor.maxlen)
        if isinstance(donor, list) and hasattr(donor, "data"):
            # Django's list of errors: the messages, with the class that shows them.
            return type(donor)(items)
        return items

    def _dict(self, told: dict[str, Any], donor: Any, path: str) -> Any:
        donors = donor if isinstance(donor, dict) else {}
        made = {
            key: self.value(item, donors.get(key), f"{path}.{key}" if path else key)
            for key, item in told.items()
        }
        if isinstance(donor, dict) and type(donor) is not dict:
            return self._like(donor, made)
        return made

    def _like(self, donor: dict[Any, Any], made: dict[Any, Any]) -> Any:
        """A dictionary of the donor's class, as `defaultdict`, with other items."""
        import copy

        try:
            own = copy.copy(donor)
            dict.clear(own)
            dict.update(own, made)
            return own
        except Exception:
            return made

    def _redacted(self, told: Any, donor: Any, path: str) -> Any:
        if donor is not None:
            self._note(path, "redacted: the value of mount() stands for it")
            return donor
        self._note(path, "redacted")
        return told if type(told) is str else "[redacted]"

    def _tuple(self, told: Any, donor: Any, path: str) -> Any:
        return tuple(self._items(told, donor, path))

    def _set(self, told: Any, donor: Any, path: str) -> Any:
        items = self._items(told, None, path)
        return frozenset(items) if type(donor) is frozenset else set(items)

    def _safe(self, told: Any, *_: Any) -> Any:
        from django.utils.safestring import mark_safe

        return mark_safe(told)

    def _moment(self, told: Any, *_: Any) -> Any:
        moment = datetime.datetime.fromisoformat(told)
        is_utc = moment.tzinfo is not None and not moment.utcoffset()
        return moment.replace(tzinfo=datetime.timezone.utc) if is_utc else moment

    def _pairs(self, told: Any, donor: Any, path: str) -> Any:
        donors = donor if isinstance(donor, dict) else {}
        made = {}
        for name, item in told:
            key = self.value(name, None, path)
            made[key] = self.value(item, donors.get(key), f"{path}[{key!r}]")
        return self._like(donor, made) if isinstance(donor, dict) and type(donor) is not dict else made

    def _model(self, told: Any, donor: Any, path: str) -> Any:
        from django.apps import apps

        try:
            model = apps.get_model(told["app"], told["model"])
        except LookupError:
            return self._lost(path, f"the model {told['app']}.{told['model']} is not there")
        stored = donor.__dict__ if type(donor) is model else {}
        names = list(told["fields"])
        fields = [self.value(told["fields"][n], stored.get(n), f"{path}.{n}") for n in names]
        known = {field.attname for field in model._meta.concrete_fields}
        if not known.issuperset(names):
            return self._lost(path, f"{told['app']}.{told['model']} has other fields now")
        made = model.from_db("default", names, fields)
        made._state.adding = told["pk"] is None
        if type(donor) is model and donor.pk == made.pk:
            made._state.db = donor._state.db
            for name, item in stored.items():
                # Annotations and what was fetched along.
                if name not in known and name != "_state":
                    made.__dict__.setdefault(name, item)
            made._state.fields_cache = dict(donor._state.fields_cache)
        return made

    def _queryset(self, told: Any, donor: Any, path: str) -> Any:
        from django.apps import apps
        from django.db.models import QuerySet

        try:
            model = apps.get_model(told["model"])
        except (LookupError, ValueError, AttributeError):
            return self._lost(path, f"the model {told['model']} is not there")
        if isinstance(donor, QuerySet) and donor.model is model:
            made = donor._chain()
        else:
            made = model._default_manager.all()
            self._note(path, "a queryset: its filter is not in the recording")
        if told["rows"] is not None:
            made._result_cache = [self.value(row, None, f"{path}[]") for row in told["rows"]]
        return made

    def _object(self, told: Any, donor: Any, path: str) -> Any:
        name, fields = told["type"], told["fields"]
        cls = found(name)
        if not isinstance(cls, type):
            return self._lost(path, f"the class {name} is not there")
        bases = {f"{base.__module__}.{base.__qualname__}" for base in cls.__mro__}
        if "django.forms.forms.BaseForm" in bases:
            return self._form(cls, fields, donor, path)
        if hasattr(cls, "_fields") and issubclass(cls, tuple):
            made = {k: self.value(v, getattr(donor, k, None), f"{path}.{k}") for k, v in fields.items()}
            return cls(**made)
        is_component = any(base.startswith("djust.components.base.") for base in bases)
        if type(donor) is cls:
            made_object: Any = donor
        elif is_component:
            return self._component(cls, fields, path)
        else:
            try:
                made_object = cls.__new__(cls)
            except Exception as error:
                return self._lost(path, f"{name} cannot be made: {type(error).__name__}")
        return self._filled(made_object, fields, path, keeps_others=is_component)

    def _filled(self, item: Any, fields: dict[str, Any], path: str, *, keeps_others: bool) -> Any:
        own = dict(getattr(item, "__dict__", {}))
        for name, told in fields.items():
            made = self.value(told, own.get(name), f"{path}.{name}")
            try:
                object.__setattr__(item, name, made)
            except AttributeError:
                self._note(f"{path}.{name}", "cannot be set")
        if not keeps_others:
            for name in own.keys() - fields.keys():
                item.__dict__.pop(name, None)
        return item

    def _component(self, cls: type, fields: dict[str, Any], path: str) -> Any:
        given = {k: v for k, v in fields.items() if k not in ("component_id", "key", "id")}
        try:
            made = cls(**{k: self.value(v, None, f"{path}.{k}") for k, v in given.items()})
        except Exception as error:
            return self._lost(path, f"the component cannot be made: {type(error).__name__}")
        self._note(path, "a component, made again: what it keeps to itself is not in the recording")
        return self._filled(made, fields, path, keeps_others=True)

    def _form(self, cls: type, fields: dict[str, Any], donor: Any, path: str) -> Any:
        try:
            data = self.value(fields.get("data"), None, path) if fields.get("is_bound") else None
            form: Any = cls(data=data, initial=self.value(fields.get("initial"), None, path) or None)
            if fields.get("_errors") is not None:
                form.full_clean()
            return form
        except Exception as error:
            if type(donor) is cls:
                self._note(path, "a form: the one of mount() stands for it")
                return donor
            return self._lost(path, f"the form cannot be made: {type(error).__name__}")

    def _repr(self, told: Any, donor: Any, path: str) -> Any:
        name, text = told["type"], told["text"]
        cls = found(name)
        if isinstance(cls, type) and issubclass(cls, enum.Enum):
            member = cls.__members__.get(text.rsplit(".", 1)[-1])
            if member is not None:
                return member
        if _same_type(donor, name):
            self._note_kind(name, path)
            return donor
        if name in ("function", "type", "builtin_function_or_method") and "<l" not in text[1:]:
            item = found(text.strip("<>").split(" ", 1)[-1])
            if item is not None:
                return item
        return self._lost(path, f"a {name} cannot be recorded")

    def _cut(self, told: Any, donor: Any, path: str) -> Any:
        what = f"{told['type']} of {told['length']}, recorded in part"
        try:
            is_donor = _same_type(donor, told["type"]) and len(donor) == told["length"]
        except TypeError:
            is_donor = False
        if is_donor:
            self._note(path, f"{what}: the value of mount() stands for it")
            return donor
        if told["kept"] is None:
            return self._lost(path, what)
        self._note(path, what)
        return self.value(told["kept"], None, path)

    def _cycle(self, _: Any, donor: Any, path: str) -> Any:
        return donor if donor is not None else self._lost(path, "a value that contains itself")


_MAKERS: dict[str, Callable[[Restorer, Any, Any, str], Any]] = {
    "$safe": Restorer._safe, "$tuple": Restorer._tuple, "$set": Restorer._set,
    "$decimal": lambda _, told, donor, path: decimal.Decimal(told),
    "$datetime": Restorer._moment,
    "$date": lambda _, told, donor, path: datetime.date.fromisoformat(told),
    "$time": lambda _, told, donor, path: datetime.time.fromisoformat(told),
    "$timedelta": lambda _, told, donor, path: datetime.timedelta(seconds=told),
    "$uuid": lambda _, told, donor, path: uuid.UUID(told),
    "$bytes": lambda _, told, donor, path: base64.b64decode(told),
    "$int": lambda _, told, donor, path: int(told, 0),
    "$float": lambda _, told, donor, path: float(told),
    "$dict": Restorer._pairs, "$model": Restorer._model, "$queryset": Restorer._queryset,
    "$object": Restorer._object, "$repr": Restorer._repr, "$cut": Restorer._cut,
    "$cycle": Restorer._cycle, "$redacted": Restorer._redacted,
}  # fmt: skip
