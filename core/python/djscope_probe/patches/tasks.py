"""`djust.mixins.async_work`: tasks that a turn puts off. And threads that the user's code starts."""

from __future__ import annotations

import itertools
import os
import threading
from typing import Any

from .. import places, trouble, turns
from ..views import record_of
from . import after, before, class_of, replace

_numbers = itertools.count(1)


def install(module: Any) -> None:
    """Wraps the request for a task, which `@background` uses too."""
    mixin = class_of(module, "AsyncWorkMixin", "tasks that a turn asks for")
    if mixin is not None:
        replace(mixin, "start_async", after(_note_task), "tasks that a turn asks for")


@trouble.guarded
def _note_task(
    _: Any, view: Any, callback: Any = None, *args: Any, name: Any = None, **kwargs: Any
) -> None:
    waiting = view.__dict__.get("_async_tasks") or {}
    if name is None:
        # djust names it by a number; it is the last one that was put in.
        name = next(reversed(waiting), None)
    told = {"id": f"{os.getpid()}-{next(_numbers)}", "name": str(name), "function": _qualified(callback)}
    record = record_of(view)
    record.tasks[told["name"]] = told["id"]
    while len(record.tasks) > 1_000:
        record.tasks.pop(next(iter(record.tasks)))
    turn = turns.running()
    if turn is not None:
        turn.does("tasks", {**told, "start_us": turn.now()})


def ran(turn: turns.Turn, view: Any, name: Any, callback: Any) -> None:
    """An `async` turn runs a task: who asked for it is known by its id."""
    try:
        known = record_of(view).tasks.pop(str(name), None)
        number = known or f"{os.getpid()}-{next(_numbers)}"
        turn.work["task"] = {
            "id": number, "name": str(name), "function": _qualified(callback),
            "start_us": turn.now(), "end_us": None,
        }  # fmt: skip
    except Exception as error:
        trouble.failed("tasks", error)


@trouble.guarded
def ended(turn: turns.Turn) -> None:
    """The task's own span says when it ended."""
    task = turn.work.get("task")
    span = next((span for span in turn.spans if span[2] == "handler"), None)
    if task is not None and span is not None:
        task["start_us"], task["end_us"] = span[4], span[4] + span[5]


def _qualified(function: Any) -> str | None:
    name = getattr(function, "__qualname__", None)
    module = getattr(function, "__module__", None)
    return f"{module}.{name}"[:1000] if type(name) is str else None


def install_threads(_: Any = None) -> None:
    """Watches the start of threads."""
    replace(threading.Thread, "start", before(_note_thread), "threads that a turn starts")


@trouble.guarded
def _note_thread(thread: Any) -> None:
    turn = turns.running()
    place = places.direct_caller(3) if turn is not None else None
    if turn is None or place is None:
        return
    file, line = place
    turn.does("threads", {
        "name": str(thread.name)[:200], "target": _qualified(getattr(thread, "_target", None)),
        "t_us": turn.now(), "file": file, "line": line,
    })  # fmt: skip
