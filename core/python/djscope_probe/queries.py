"""Every SQL query of a turn, with the user's line that caused it."""

from __future__ import annotations

import weakref
from typing import Any

from . import bounds, failures, places, trouble, turns, values
from .patches import before, replace, undone_by

_watched: weakref.WeakSet[Any] = weakref.WeakSet()


def install(is_late: bool = False) -> None:
    """Watches every connection that exists and every one that will be opened.

    `is_late`: threads of the application have used the database before.
    """
    from django.db import connections
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.signals import connection_created

    connection_created.connect(_opened, dispatch_uid="djscope_probe", weak=False)
    undone_by(lambda: connection_created.disconnect(dispatch_uid="djscope_probe"))
    undone_by(_forget)
    for connection in connections.all(initialized_only=True):
        _watch(connection)
    if is_late:
        # Other threads have connections that are open already and cannot be listed.
        replace(BaseDatabaseWrapper, "_cursor", before(_used), "queries over open connections")


def _used(connection: Any, *_: Any, **__: Any) -> None:
    _watch(connection)


def _forget() -> None:
    for connection in list(_watched):
        try:
            connection.execute_wrappers.remove(_execute)
        except ValueError:
            pass
    _watched.clear()


def _opened(sender: Any, connection: Any, **_: Any) -> None:
    _watch(connection)


def _watch(connection: Any) -> None:
    try:
        wrappers = connection.execute_wrappers
        # In front: `connection.execute_wrapper()` takes its own away from the end.
        if _execute not in wrappers:
            wrappers.insert(0, _execute)
            _watched.add(connection)
    except Exception as error:
        trouble.failed("queries", error)


def _execute(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
    turn = turns.running()
    span = _span(turn, sql, params, many, context) if turn is not None else None
    try:
        return execute(sql, params, many, context)
    except BaseException as error:
        failures.leave_unseen(error)
        raise
    finally:
        if turn is not None and span is not None:
            turn.ends(span)


def _span(turn: turns.Turn, sql: Any, params: Any, many: bool, context: Any) -> Any:
    try:
        place = places.calling_place(3)
        file, line, function = place or (None, None, None)
        text = sql if type(sql) is str else values.type_name(sql)
        detail = {
            "params": _told(params, many),
            "alias": context["connection"].alias,
            "file": file, "line": line, "function": function, "many": bool(many),
        }  # fmt: skip
        return turn.starts("sql", text[: bounds.MAX_TEXT], detail)
    except Exception as error:
        trouble.failed("queries", error)
        return None


def _told(params: Any, many: bool) -> Any:
    if many and not isinstance(params, (list, tuple)):
        return None
    if type(params) is tuple:
        params = list(params)
    return values.Encoder(200).encode(params)
