"""`djust.sse`: frames that go out as server-sent events."""

from __future__ import annotations

from typing import Any

from .. import turns
from . import class_of, consumer, replace


def install(module: Any) -> None:
    """Wraps the queue of a stream; every frame goes through it."""
    session = class_of(module, "SSESession", "frames over SSE")
    if session is not None:
        replace(session, "push", _push, "frames over SSE")


def _push(original: Any) -> Any:
    def push(self: Any, message: Any, *args: Any, **kwargs: Any) -> Any:
        turn = turns.current.get()
        if turn is not None:
            span = consumer.sent(turn, message)
            if span is not None:
                turn.ends(span)
        return original(self, message, *args, **kwargs)

    return push
