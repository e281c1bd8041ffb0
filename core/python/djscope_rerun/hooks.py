"""What of djust has to be different for a turn to be run again.

Ticks do not start by themselves, background work waits until its turn comes,
and a view that is mounted in order to be restored gets its state between
`handle_params()` and the first render.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

from . import people
from .states import State, pin
from .values import Restorer


class Waiting:
    """Background work that djust has started and that waits for its turn."""

    def __init__(self, owner: Any, name: str) -> None:
        loop = asyncio.get_running_loop()
        self.owner = owner
        self.name = name
        self.task = asyncio.current_task()
        self.may_begin: asyncio.Future[None] = loop.create_future()
        self.has_ended: asyncio.Future[None] = loop.create_future()


class Restoring:
    """A state for the view that is mounted next, and what came of it."""

    def __init__(self, state: State | None, *, is_partial: bool) -> None:
        self.state = state
        # Names that it does not have stay as `mount()` has left them.
        self.is_partial = is_partial
        self.restorer = Restorer()
        # Why `mount()` or `handle_params()` did not come to its end.
        self.error: BaseException | None = None


# In the order in which it was started.
waiting: list[Waiting] = []
restoring: Restoring | None = None
# Class → the template that djust gives to its renderer for it.
templates: dict[str, str] = {}


def install() -> None:
    """Puts the hooks in, over those of the probe."""
    import djust.mixins.template
    import djust.runtime
    import djust.websocket

    people.install()
    mixin = djust.mixins.template.TemplateMixin
    mixin.get_template = _remembered(mixin.get_template)
    djust.runtime.maybe_start_tick_task = lambda *_: False
    runtime = djust.runtime.ViewRuntime
    runtime._instantiate_view = _restored(runtime._instantiate_view)
    runtime._execute_async_task = _in_its_turn(runtime._execute_async_task)
    consumer = djust.websocket.LiveViewConsumer
    if hasattr(consumer, "_run_async_work"):
        consumer._run_async_work = _in_its_turn(consumer._run_async_work)


def _in_its_turn(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def work(self: Any, task_name: Any, *args: Any, **kwargs: Any) -> Any:
        consumer = getattr(getattr(self, "transport", None), "_consumer", self)
        entry = Waiting(consumer, str(task_name))
        waiting.append(entry)
        await entry.may_begin
        try:
            return await original(self, task_name, *args, **kwargs)
        finally:
            if not entry.has_ended.done():
                entry.has_ended.set_result(None)

    return work


def _remembered(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def get_template(self: Any) -> Any:
        template = original(self)
        templates[f"{type(self).__module__}.{type(self).__qualname__}"] = template
        return template

    return get_template


def next_waiting(owner: Any, name: str | None) -> Waiting | None:
    """The oldest work of a connection that has this name, taken off the list."""
    for entry in waiting:
        if entry.owner is owner and (name is None or entry.name == name):
            waiting.remove(entry)
            return entry
    return None


def _restored(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def instantiate(self: Any, path: str) -> Any:
        view = original(self, path)
        if view is not None and restoring is not None:
            _stand_before(view, restoring)
        return view

    return instantiate


def _stand_before(view: Any, wanted: Restoring) -> None:
    """Replaces `mount` and `handle_params` for one call each."""

    def mount(*args: Any, **kwargs: Any) -> Any:
        view.__dict__.pop("mount", None)
        try:
            return view.mount(*args, **kwargs)
        except Exception as error:
            wanted.error = error
            return None

    def handle_params(*args: Any, **kwargs: Any) -> None:
        view.__dict__.pop("handle_params", None)
        try:
            view.handle_params(*args, **kwargs)
        except Exception as error:
            wanted.error = wanted.error or error
        if wanted.state is not None:
            pin(view, wanted.state, wanted.restorer, keeps_others=wanted.is_partial, is_fresh=True)

    view.__dict__["mount"] = mount
    view.__dict__["handle_params"] = handle_params
