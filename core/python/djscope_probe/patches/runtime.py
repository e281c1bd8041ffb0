"""`djust.runtime`: mount, event and URL change, over WebSocket and SSE alike."""

from __future__ import annotations

from typing import Any

from .. import trouble, turns
from . import calls, class_of, consumer, rendering, replace


def install(module: Any) -> None:
    """Wraps the runtime."""
    replace(module, "sync_to_async", calls.watching_threads, "spans of mount and params")
    replace(module, "handle_exception", consumer.exceptions, "exceptions")
    replace(module, "_call_handler", _handler, "spans of handlers")
    runtime = class_of(module, "ViewRuntime", "turns")
    if runtime is None:
        return
    replace(runtime, "dispatch_mount", _dispatch("mount"), "mounts")
    replace(runtime, "dispatch_event", _dispatch("event"), "events")
    replace(runtime, "dispatch_url_change", _dispatch("url_change"), "URL changes")
    replace(runtime, "_dispatch_single_event", _deferred, None)
    replace(runtime, "_instantiate_view", _instantiated, "the view of a mount")
    replace(runtime, "_render_scoped_component", rendering.scoped, None)
    replace(runtime, "_execute_async_task", consumer.async_work, "async work")


def _dispatch(kind: str) -> Any:
    def make(original: Any) -> Any:
        async def dispatch(self: Any, data: Any) -> Any:
            turn = turns.begin(kind, joins=True)
            if turn is None:
                return await original(self, data)
            _describe(self, turn, kind, data)
            if kind == "url_change":
                turn.takes_before(self.view_instance)
            if kind != "event":
                turn.waited()
            try:
                return await original(self, data)
            finally:
                # A mount that was refused leaves the runtime without a view; the turn has it.
                view = None if kind == "event" else self.view_instance
                _after(turn, view)

        return dispatch

    return make


def _describe(runtime: Any, turn: turns.Turn, kind: str, data: Any) -> None:
    try:
        consumer.carried(turn, runtime.transport)
        turn.ref = data.get("ref")
        turn.params = turns.told_params(data.get("params"))
        if kind == "event":
            turn.event = data.get("event")
            turn.sees(runtime.view_instance)
        elif kind == "url_change":
            turn.event = "handle_params"
            turn.path = data.get("uri")
        else:
            turn.path = data.get("url")
            turn.class_name = data.get("view")
    except Exception as error:
        trouble.failed("turn", error)


def _after(turn: turns.Turn, view: Any) -> None:
    if view is None and turn.record is not None:
        if turn.kind == "mount" or turn.before is not None:
            view = turn.record.view()
    turns.finish(turn, view)


def _handler(original: Any) -> Any:
    async def call(handler: Any, params: Any = None) -> Any:
        turn = turns.running()
        if turn is not None:
            view = getattr(handler, "__self__", None)
            if turn.before is None:
                turn.takes_before(view)
            handler = calls.timed(turn, handler, getattr(handler, "__name__", "handler"))
        return await original(handler, params)

    return call


def _deferred(original: Any) -> Any:
    async def dispatch(self: Any, target: Any, event: Any, params: Any, *rest: Any) -> Any:
        turn = turns.begin("event")
        if turn is not None:
            _describe(self, turn, "event", {"event": event, "params": params})
            turn.takes_before(target)
        try:
            return await original(self, target, event, params, *rest)
        finally:
            turns.finish(turn, target)

    return dispatch


def _instantiated(original: Any) -> Any:
    def instantiate(self: Any, *args: Any, **kwargs: Any) -> Any:
        view = original(self, *args, **kwargs)
        turn = turns.running()
        if turn is not None:
            try:
                turn.sees(view)
            except Exception as error:
                trouble.failed("the view of a mount", error)
        return view

    return instantiate
