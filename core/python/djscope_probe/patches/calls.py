"""The user's own methods, timed: handlers, `mount`, `handle_params`, `handle_tick`, …"""

from __future__ import annotations

import functools
import inspect
from typing import Any

from .. import failures, sessions, trouble, turns
from . import decisions

_METHODS = frozenset({"mount", "handle_params", "handle_tick", "handle_async_result"})


def timed(turn: turns.Turn, function: Any, name: str, kind: str = "handler") -> Any:
    """The function with a span around it; a coroutine function stays one."""
    if inspect.iscoroutinefunction(function):

        async def run_async(*args: Any, **kwargs: Any) -> Any:
            span, token = _enter(turn, kind, name, kwargs)
            try:
                return await function(*args, **kwargs)
            except BaseException as error:
                failures.leave_unseen(error)
                raise
            finally:
                _leave(turn, span, token)

        return run_async

    def run(*args: Any, **kwargs: Any) -> Any:
        span, token = _enter(turn, kind, name, kwargs)
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            failures.leave_unseen(error)
            raise
        finally:
            _leave(turn, span, token)

    return run


def _enter(turn: turns.Turn, kind: str, name: str, kwargs: dict[str, Any]) -> tuple[Any, Any]:
    try:
        turn.worked = True
        if kind == "handler":
            turn.waited()
            if name == "mount" and turn.kind == "mount":
                sessions.mounting(turn, kwargs)
        span = turn.starts(kind, name)
        return span, turns.open_span.set(span[0])
    except Exception as error:
        trouble.failed("span", error)
        return None, None


def _leave(turn: turns.Turn, span: Any, token: Any) -> None:
    if span is None:
        return
    try:
        turn.ends(span)
        if span[2] == "handler":
            decisions.handler_ended(turn)
        turns.open_span.reset(token)
    except Exception as error:
        trouble.failed("span", error)


def watching_threads(original: Any) -> Any:
    """`sync_to_async` as djust uses it, with a span around the user's methods.

    djust calls `mount`, `handle_params`, `handle_tick` and `handle_async_result`
    as bound methods through it; wrapping the call rather than the method leaves
    the user's classes as they are.
    """

    @functools.wraps(original)
    def watched(function: Any = None, *args: Any, **kwargs: Any) -> Any:
        try:
            turn = turns.running()
            if turn is not None and inspect.ismethod(function):
                name = function.__name__
                if name in _METHODS or name in turn.called:
                    view = function.__self__
                    if name == "handle_tick":
                        turn.takes_before(view)
                    turn.sees(view)
                    function = timed(turn, function, name)
        except Exception as error:
            trouble.failed("span", error)
        return original(function, *args, **kwargs)

    return watched
