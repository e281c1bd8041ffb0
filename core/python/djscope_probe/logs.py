"""Log records, as the project's own configuration lets them through.

`Logger.callHandlers` is where a record has passed its logger's level and
filters. Watching it, rather than adding a handler, sees loggers that do not
propagate, survives any later `dictConfig`, and leaves `basicConfig` and the
last-resort handler as they are.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from typing import Any

from . import bounds, sender, trouble, turns, values
from .patches import replace

_PLAIN = (type(None), bool, int, float, str, bytes)


def install(_: Any = None) -> None:
    """Watches every logger of the process."""
    replace(logging.Logger, "callHandlers", _watched, "logs")


def _watched(original: Any) -> Any:
    def call_handlers(self: logging.Logger, record: logging.LogRecord) -> None:
        try:
            original(self, record)
        finally:
            _note(record)

    return call_handlers


def _note(record: logging.LogRecord) -> None:
    if not sender.alive() or threading.current_thread().name == "djscope-probe":
        return
    try:
        turn = turns.running()
        if turn is not None and len(turn.logs) >= bounds.MAX_LOGS:
            turn.note(f"logs: only the first {bounds.MAX_LOGS} are told")
            return
        told = {
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record)[: bounds.MAX_TEXT],
            "file": record.pathname,
            "line": record.lineno,
            "traceback": _traceback(record, turn),
        }
        if turn is None:
            at = int(record.created * 1_000_000)
            sender.put({"type": "log", "time_us": at, **told})
        else:
            since = time.time_ns() - int(record.created * 1_000_000_000)
            turn.logs.append({"t_us": max(0, turn.now() - since // 1000), **told})
    except Exception as error:
        trouble.failed("logs", error)


def _message(record: logging.LogRecord) -> str:
    # A formatter that ran has left the text; formatting again would call the
    # user's `__str__` a second time.
    done = record.__dict__.get("message")
    if type(done) is str:
        return done
    args: Any = record.args
    if not args:
        return record.msg if type(record.msg) is str else _safe_text(record.msg)
    if type(args) is dict:
        plain = all(type(item) in _PLAIN for item in args.values())
        return record.getMessage() if plain else str(record.msg)
    told = tuple(item if type(item) in _PLAIN else _safe_text(item) for item in args)
    try:
        return str(record.msg) % told
    except Exception:
        return f"{record.msg} {told}"


def _safe_text(item: Any) -> str:
    if isinstance(item, BaseException):
        return str(item)
    told = values.Encoder(100).encode(item)
    if type(told) is dict and "$repr" in told:
        return str(told["$repr"]["text"])
    return str(told)


def _traceback(record: logging.LogRecord, turn: turns.Turn | None) -> str | None:
    info = record.exc_info
    if not info or not isinstance(info, tuple) or info[1] is None:
        return record.exc_text
    if turn is not None:
        turn.raised(info[1])
    if record.exc_text:
        return record.exc_text
    return "".join(traceback.format_exception(*info))[:200_000]
