"""The view instances of this process: their ids and what was last told of each."""

from __future__ import annotations

import itertools
import os
import weakref
from typing import Any

from . import trouble
from .capture import Names, State, state_of


class ViewRecord:
    """What the probe keeps of one view instance; it dies with the view."""

    __slots__ = (
        "__weakref__", "handed", "handed_sent", "id", "is_partial", "latest", "names", "rendered", "renderer",
        "sent", "tasks", "view", "view_class",
    )  # fmt: skip

    def __init__(self, view: Any, number: int) -> None:
        self.id = f"{os.getpid()}-{number}"
        self.view = weakref.ref(view)
        self.view_class = type(view)
        self.names = Names(view)
        self.latest: dict[str, Any] = {}
        self.rendered = 0
        # What the renderer holds, by name, and which renderer that is.
        self.handed: dict[str, Any] = {}
        self.renderer: Any = None
        self.is_partial = False
        # Tasks that were asked for: name → id.
        self.tasks: dict[str, str] = {}
        # Touched by the sender's thread only: name → (captured value, its JSON as it
        # was sent, the length of its JSON before it was cut, whether it was cut).
        self.sent: dict[str, tuple[Any, str, int, bool]] | None = None
        # The same of what the renderer holds.
        self.handed_sent: dict[str, tuple[Any, str, int, bool]] | None = None

    def state(self, view: Any) -> State | None:
        """The view's state now, or None if it could not be read."""
        try:
            if self.view_class is not type(view):
                self.view_class = type(view)
                self.names = Names(view)
            return state_of(view, self.names, self.latest)
        except Exception as error:
            trouble.failed("state", error)
            return None


_records: dict[int, tuple[weakref.ref[Any], ViewRecord]] = {}
_numbers = itertools.count(1)


def record_of(view: Any) -> ViewRecord:
    """The record of a view instance, made when it is first seen."""
    key = id(view)
    found = _records.get(key)
    if found is not None and found[0]() is view:
        return found[1]
    record = ViewRecord(view, next(_numbers))
    _records[key] = (weakref.ref(view, lambda gone: _forget(key, gone)), record)
    return record


def _forget(key: int, gone: weakref.ref[Any]) -> None:
    found = _records.get(key)
    if found is not None and found[0] is gone:
        del _records[key]


def forget() -> None:
    """Forgets what was told. Views get new ids: what is still gathered for an old one is not theirs."""
    _records.clear()


def start_over() -> None:
    """Forgets what was told, in a new process, whose views have ids of their own."""
    global _numbers
    forget()
    _numbers = itertools.count(1)
