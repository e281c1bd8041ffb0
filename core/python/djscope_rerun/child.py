"""The process of a run: takes steps until there are no more."""

from __future__ import annotations

import asyncio
import faulthandler
import signal
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async

from .databases import Databases
from .guard import guard
from .lines import Lines
from .reports import Reports
from .steps import Steps

# By this signal whoever watches asks where coroutines wait, shortly before the time is up.
SHOW_TASKS = getattr(signal, "SIGUSR1", None)
# How long before that the stacks of threads are written, in seconds.
AHEAD = 0.3


def run(lines: Lines, run: dict[str, Any], databases: Databases, reports: Reports, trace: Any) -> None:
    """Takes every step that comes over `lines`; `trace` is where stacks are written, if anywhere."""
    databases.enter_run(run["run"])
    loops: list[asyncio.AbstractEventLoop] = []
    if trace is not None and SHOW_TASKS is not None:
        signal.signal(SHOW_TASKS, lambda *_: _show_tasks(loops, trace))
    guard.is_on = True
    try:
        async_to_sync(_serve)(lines, run, databases, reports, trace, loops)
    finally:
        guard.is_on = False


async def _serve(
    lines: Lines,
    run: dict[str, Any],
    databases: Databases,
    reports: Reports,
    trace: Any,
    loops: list[asyncio.AbstractEventLoop],
) -> None:
    loops.append(asyncio.get_running_loop())
    await sync_to_async(databases.open_all)()
    steps = Steps(reports, run)
    limit = run.get("seconds") or 0.0
    try:
        while (step := lines.read()) is not None and step["type"] == "step":
            if trace is not None and limit > AHEAD:
                faulthandler.dump_traceback_later(limit - AHEAD, file=trace)
            try:
                done = await steps.take(step)
            finally:
                faulthandler.cancel_dump_traceback_later()
            lines.write({"type": "did", "turn": step["turn"], **done})
    finally:
        await sync_to_async(databases.end_transactions)()


def _show_tasks(loops: list[asyncio.AbstractEventLoop], trace: Any) -> None:
    """The stacks of threads do not say where a coroutine waits."""
    for loop in loops:
        for task in asyncio.all_tasks(loop):
            for frame in reversed(_frames(task.get_coro())):
                code = frame.f_code
                trace.write(f'  File "{code.co_filename}", line {frame.f_lineno} in {code.co_name}\n')
    trace.flush()


def _frames(coroutine: Any) -> list[Any]:
    """What a coroutine waits for, down to the innermost: a task's own stack has its first frame only."""
    found = []
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None:
            found.append(frame)
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return found
