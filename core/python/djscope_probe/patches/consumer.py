"""`djust.websocket`: what a connection receives, sends and does by itself."""

from __future__ import annotations

from time import perf_counter_ns
from typing import Any

from .. import failures, trouble, turns
from . import calls, class_of, replace, tasks


def install(module: Any) -> None:
    """Wraps the consumer."""
    replace(module, "sync_to_async", calls.watching_threads, "spans of mount, params and ticks")
    replace(module, "handle_exception", exceptions, "exceptions")
    consumer = class_of(module, "LiveViewConsumer", "connections")
    if consumer is None:
        return
    replace(consumer, "receive", _receive, "waiting times")
    replace(consumer, "send_json", _send, "sent frames")
    replace(consumer, "_tick_once", _tick, "ticks")
    if not replace(consumer, "_run_server_push_turn", _push("events"), None):
        replace(consumer, "server_push", _push("event"), "pushes")
    replace(consumer, "db_notify", _push("notify"), None)
    replace(consumer, "_run_async_work", async_work, "async work")
    for name, kind in (
        ("handle_request_html", "recovery"),
        ("hotreload", "hot_reload"),
        ("handle_live_redirect_mount", "mount"),
        ("_mount_one", "mount"),
        ("handle_time_travel_jump", "time_travel"),
        ("handle_time_travel_component_jump", "time_travel"),
        ("handle_forward_replay", "time_travel"),
    ):
        replace(consumer, name, _whole(kind), None if kind == "time_travel" else kind)


@trouble.guarded
def identified(turn: turns.Turn, consumer: Any) -> None:
    """Names the connection of a turn."""
    turn.session_id = getattr(consumer, "session_id", None)
    scope = getattr(consumer, "scope", None)
    turn.client = (scope or {}).get("client")


@trouble.guarded
def carried(turn: turns.Turn, transport: Any, consumer: Any = None) -> None:
    """Names the connection of a turn of the runtime, whatever carries it."""
    identified(turn, getattr(transport, "_consumer", consumer))
    if transport is not None:
        turn.session_id = turn.session_id or getattr(transport, "session_id", None)
        if "SSE" in type(transport).__name__:
            turn.transport = "sse"


def exceptions(original: Any) -> Any:
    """`handle_exception`, which djust calls for everything it catches in a turn."""

    def handle(error: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            failures.leave_unseen(error)
            turn = turns.running()
            if turn is not None:
                turn.raised(error)
        except Exception as own:
            trouble.failed("exceptions", own)
        return original(error, *args, **kwargs)

    return handle


def _send(original: Any) -> Any:
    async def send_json(self: Any, data: Any, *args: Any, **kwargs: Any) -> Any:
        turn = turns.current.get()
        if turn is None:
            return await original(self, data, *args, **kwargs)
        span = sent(turn, data)
        try:
            return await original(self, data, *args, **kwargs)
        finally:
            if span is not None:
                turn.ends(span)

    return send_json


def sent(turn: turns.Turn, data: Any) -> Any:
    """Notes a frame, given as a dict; the span of its sending, or None."""
    try:
        get = data.get
        frame = {"type": get("type"), "version": get("version"), "ref": get("ref"),
                 "t_us": turn.now()}  # fmt: skip
        turn.sent.append(frame)
        return turn.starts("send", str(frame["type"]))
    except Exception as error:
        trouble.failed("sent frames", error)
        return None


def _receive(original: Any) -> Any:
    async def receive(self: Any, *args: Any, **kwargs: Any) -> Any:
        token = turns.received.set(perf_counter_ns())
        try:
            return await original(self, *args, **kwargs)
        finally:
            turns.received.reset(token)

    return receive


def _tick(original: Any) -> Any:
    async def tick_once(self: Any) -> Any:
        turn = turns.begin("tick")
        if turn is not None:
            turn.worked = False
            turn.event = "handle_tick"
            identified(turn, self)
        try:
            return await original(self)
        except BaseException as error:
            if turn is not None and isinstance(error, Exception):
                turn.raised(error)
            failures.leave_unseen(error)
            raise
        finally:
            turns.finish(turn, self.view_instance if turn and turn.worked else None)

    return tick_once


def _push(shape: str) -> Any:
    def make(original: Any) -> Any:
        async def push(self: Any, *events: Any) -> Any:
            turn = turns.begin("push") if self.view_instance is not None else None
            if turn is not None:
                # Only the turn that holds the lock is sure to do something.
                turn.worked = shape == "events"
                identified(turn, self)
                _describe_push(turn, events)
                turn.takes_before(self.view_instance)
            try:
                return await original(self, *events)
            finally:
                if turn is not None:
                    turns.finish(turn, self.view_instance)

        return push

    return make


def _describe_push(turn: turns.Turn, events: Any) -> None:
    try:
        told = [{k: e.get(k) for k in ("handler", "payload", "state") if e.get(k)} for e in events]
        names = [e["handler"] for e in told if "handler" in e]
        turn.event = names[0] if names else None
        turn.called = frozenset(names or ["handle_info"])
        turn.params = turns.told_params(told[0] if len(told) == 1 else {"pushes": told})
    except Exception as error:
        trouble.failed("pushes", error)


def async_work(original: Any) -> Any:
    """Work that `start_async` or `@background` put off, and what it renders."""

    async def run(self: Any, task_name: Any, callback: Any, *args: Any, **kwargs: Any) -> Any:
        turn = turns.begin("async")
        if turn is not None:
            carried(turn, getattr(self, "transport", None), self)
            turn.event = str(task_name)
            turn.takes_before(self.view_instance)
            tasks.ran(turn, self.view_instance, task_name, callback)
            callback = calls.timed(turn, callback, str(task_name))
        try:
            return await original(self, task_name, callback, *args, **kwargs)
        finally:
            if turn is not None:
                tasks.ended(turn)
            turns.finish(turn, self.view_instance)

    return run


def _whole(kind: str) -> Any:
    def make(original: Any) -> Any:
        async def handle(self: Any, *args: Any, **kwargs: Any) -> Any:
            turn = turns.begin(kind, joins=kind != "hot_reload")
            if turn is not None:
                identified(turn, self)
                if kind != "mount":
                    turn.takes_before(self.view_instance)
                if kind == "time_travel":
                    turn.event = original.__name__.removeprefix("handle_")
                if args and isinstance(args[0], dict) and kind in ("mount", "time_travel"):
                    turn.params = turns.told_params(args[0].get("params"))
                    turn.path = args[0].get("url") if kind == "mount" else None
            try:
                return await original(self, *args, **kwargs)
            finally:
                if turn is not None:
                    view = self.view_instance if kind != "mount" or turn.record is None else None
                    turns.finish(turn, view)

        return handle

    return make
