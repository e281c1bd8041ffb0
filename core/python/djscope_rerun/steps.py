"""One step of a run: a recorded turn, or the mount that has to come before it."""

from __future__ import annotations

import asyncio
import time
import traceback
from typing import Any

from asgiref.sync import sync_to_async

from . import chance, clock, forward, hooks, outside, pages, people, rows, values
from .guard import guard
from .live import Live, quiet
from .reports import Reports
from .values import Restorer

_BY_FRAMES = frozenset({"mount", "event", "url_change", "recovery", "upload", "time_travel", "other"})


class Steps:
    """The connections of a run, and how a step is taken."""

    def __init__(self, reports: Reports, run: dict[str, Any]) -> None:
        self.reports = reports
        self.shift_us: int = run.get("clock_shift_us") or 0
        self.seed: int = run.get("seed") or 0
        self.lives: dict[int, Live] = {}
        # Tasks that are known to go on.
        self.going_on: set[Any] = set()
        people.force(run.get("user"))

    async def take(self, step: dict[str, Any]) -> dict[str, Any]:
        """Takes a step; what came of it, for djscope."""
        if step["kind"] == "close":
            live = self.lives.pop(step["connection"], None)
            if live is not None:
                await live.close()
            return {}
        if step["kind"] == "writes":
            return {"not_run": await sync_to_async(forward.roll)(step["writes"])}
        done: dict[str, Any] = {"notes": []}
        restorer = Restorer()
        values.touched.clear()
        guard.taken()
        self.reports.begin()
        clock.stop_at(step["at_us"] + self.shift_us)
        chance.begin(self.seed + step["turn"])
        started = time.perf_counter_ns()
        try:
            await self._take(step, done, restorer)
        except asyncio.CancelledError:
            raise
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            done["escaped"] = {
                "type": type(error).__name__, "message": str(error)[:1000],
                "traceback": "".join(traceback.format_exception(error))[-8_000:],
            }  # fmt: skip
        done["duration_us"] = (time.perf_counter_ns() - started) // 1000
        self._report(step, done, restorer)
        return done

    def _report(self, step: dict[str, Any], done: dict[str, Any], restorer: Restorer) -> None:
        live = self.lives.get(step.get("connection") or 0)
        outside.count_mail()
        done["turns"], done["logs"] = self.reports.taken()
        done["frames"] = list(live.sent) if live is not None else []
        if live is not None:
            live.sent.clear()
        # A mount that restores a state has a restorer of its own.
        done["lossy"] = done.get("lossy", []) + [list(each) for each in restorer.lossy]
        done["touched"] = list(values.touched)
        done["held_back"] = guard.taken()
        done["assumed"] = people.assumed()
        done["templates"] = {name: text for name, text in hooks.templates.items() if type(text) is str}
        hooks.templates.clear()
        done["clock_reads"], done["draws"] = clock.reads(), chance.draws()

    async def _take(self, step: dict[str, Any], done: dict[str, Any], restorer: Restorer) -> None:
        if step.get("http") is not None:
            done["http"] = await pages.answer(step["http"], step.get("user"))
            return
        live = await self._live(step)
        if step.get("is_quiet"):
            await self._mount(live, step, done)
            return
        if step.get("before") is not None:
            pinned = await sync_to_async(live.pin)(step.get("view"), step["before"], restorer)
            done["pinned"] = pinned
        if step.get("edits"):
            await sync_to_async(_edit)(live.view(step.get("view")), step["edits"], restorer)
        known = self.going_on
        await self._cause(live, step, done)
        going_on = await quiet(known)
        if going_on:
            done["notes"].append(f"goes on after the turn: {', '.join(sorted(going_on))}")

    async def _live(self, step: dict[str, Any]) -> Live:
        number = step["connection"]
        live = self.lives.get(number)
        if live is None:
            live = Live(step["open"])
            await live.open()
            self.lives[number] = live
        return live

    async def _mount(self, live: Live, step: dict[str, Any], done: dict[str, Any]) -> None:
        """Mounts a view again in order to give it a recorded state."""
        if step.get("rows") is not None:
            await sync_to_async(rows.put)(step["rows"])
        hooks.restoring = hooks.Restoring(step.get("before"), is_partial=bool(step.get("is_partial")))
        try:
            await live.receive(step["frames"])
            await quiet(self.going_on)
        finally:
            restoring, hooks.restoring = hooks.restoring, None
        if restoring.error is not None:
            error = restoring.error
            done["notes"].append(f"mount() raised {type(error).__name__}: {error}; restored without it")
        done["lossy"] = [list(each) for each in restoring.restorer.lossy]
        if not step.get("is_first"):
            live.settle()
        done["is_mounted"] = live.consumer.view_instance is not None

    async def _cause(self, live: Live, step: dict[str, Any], done: dict[str, Any]) -> None:
        kind = step["kind"]
        if step.get("version") is not None:
            live.consumer._last_sent_version = step["version"]
        if kind == "tick":
            await live.tick()
        elif kind == "push":
            await live.push(step.get("params"))
        elif kind == "async":
            note = await live.work(step.get("event"))
            if note is not None:
                done["not_run"] = note
        elif kind in _BY_FRAMES and step["frames"]:
            if kind == "mount" and live.consumer.view_instance is not None:
                await self._leave(live, step)
            await live.receive(step["frames"])
        else:
            done["not_run"] = f"a turn of the kind {kind} without a frame cannot be caused"

    async def _leave(self, live: Live, step: dict[str, Any]) -> None:
        """A connection mounts another view: djust would take the frame for a repeated one."""
        if any('"live_redirect_mount"' in frame.get("text", "") for frame in step["frames"]):
            return
        if step.get("is_remount"):
            live.consumer.view_instance = None
            live.consumer._get_runtime().view_instance = None


def _edit(view: Any, edits: dict[str, Any], restorer: Restorer) -> None:
    """What if: sets names of the state, as `{"name": value}`; null is None, absent stays."""
    if view is None:
        return
    from djscope_probe.views import record_of

    slots = {public: slot for slot, public in record_of(view).names.slots.items()}
    for name, told in edits.items():
        slot = slots.get(name, name)
        view.__dict__[slot] = restorer.value(told, None, name)
