"""The SQL of a queryset that was not evaluated, without asking the database.

Compiling a query can open a connection or probe the server for its features.
It is therefore done only in a thread that has the connection open already,
on a copy of the query, once for each query.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any

from . import bounds

_known: dict[int, tuple[weakref.ref[Any], str | None]] = {}


def sql_of(stored: dict[str, Any]) -> str | None:
    """The SQL of a queryset, given its instance dictionary; None if it cannot be told safely."""
    query = stored.get("_query")
    if query is None:
        return None
    found = _known.get(id(query))
    if found is not None and found[0]() is query:
        return found[1]
    alias = stored.get("_db") or "default"
    if not _is_open(alias):
        return None
    try:
        compiler = query.clone().get_compiler(alias)
        sql, params = compiler.as_sql()
        told: str | None = sql % tuple(params) if _plain(params) else sql
        told = told[: bounds.MAX_TEXT] if told else None
    except Exception:
        told = None
    key = id(query)
    _known[key] = (weakref.ref(query, lambda _: _drop(key)), told)
    return told


def _plain(params: Any) -> bool:
    return all(type(item) in (str, int, float, bool, type(None)) for item in params)


def _is_open(alias: str) -> bool:
    handler = getattr(sys.modules.get("django.db"), "connections", None)
    if handler is None:
        return False
    wrapper = getattr(handler._connections, alias, None)
    return wrapper is not None and wrapper.connection is not None


def _drop(key: int) -> None:
    _known.pop(key, None)
