"""Which patches belong to which module of djust, and how the probe starts.

It starts with the server, or when a djscope attaches; then it leaves as well.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from . import database_starts, logs, patches, queries, reloader, sender, trouble, turns, views
from .patches import consumer, decisions, embedding, events, pages, pushes, rendering, runtime, streams, tasks

_PATCHES: dict[str, tuple[Callable[[Any], None], ...]] = {
    "djust.live_view": (pages.install_view,),
    "djust.mixins.async_work": (tasks.install,),
    "djust.mixins.request": (pages.install,),
    "djust.mixins.rust_bridge": (rendering.install_bridge,),
    "djust.mixins.sticky": (embedding.install,),
    "djust.mixins.template": (rendering.install_template,),
    "djust.push": (pushes.install,),
    "djust.runtime": (runtime.install,),
    "djust.signals": (events.install_signals,),
    "djust.sse": (streams.install,),
    "djust.time_travel": (events.install_recording,),
    "djust.websocket": (consumer.install, decisions.install),
}
_started = False

# How long a module may take that another thread is just importing.
LOADED_WITHIN = 5.0

_attaching = threading.RLock()


def loaded(name: str, module: Any) -> None:
    """Called after a module of djust was loaded; never raises."""
    try:
        if reloader.only_watches_files():
            return
        _start()
    except Exception as error:
        trouble.failed("start", error)
    _patch(name, module)


def _patch(name: str, module: Any) -> None:
    for patch in _PATCHES.get(name, ()):
        try:
            patch(module)
        except Exception as error:
            trouble.failed(name, error)


def _start() -> None:
    global _started
    if _started:
        return
    _started = True
    try:
        database_starts.keep()
    except Exception as error:
        trouble.failed("database_starts", error)
    sender.start()
    _watch_process(is_late=False)


def _watch_process(is_late: bool) -> None:
    for install in (logs.install, queries.install, tasks.install_threads):
        try:
            install(is_late)
        except Exception as error:
            trouble.failed(install.__module__, error)


def attach(
    address: str,
    token: str,
    wait_for: Callable[[frozenset[str], Any], Any],
    on_left: Callable[[], None],
) -> bool:
    """Puts the hooks into a server that runs, and connects it. False if another djscope is attached.

    `wait_for(names, loaded)` has `loaded(name, module)` called for modules that
    are imported later, and gives what takes that back. `on_left()` is called once
    the djscope has gone.
    """
    with _attaching:
        if sender.alive():
            return False
        patches.undo()
        turns.start_over()
        views.forget()
        sender.forget_what_was_told()
        connection = sender.Sender(address, token, lambda ended: _left(ended, on_left))
        patches.undone_by(wait_for(frozenset(_PATCHES), _patch))
        _hook_what_is_loaded()
        sender.connect(connection)
    return True


def observe(listener: sender.Listener) -> None:
    """Puts the hooks into a process that listens to them itself: everything of djust has to be loaded."""
    _hook_what_is_loaded()
    sender.report_to(listener)


def _hook_what_is_loaded() -> None:
    for name in _PATCHES:
        module = sys.modules.get(name)
        if module is not None:
            _finish_import(module)
            _patch(name, module)
    patches.reach_aliases()
    _watch_process(is_late=True)


def _left(connection: sender.Sender, on_left: Callable[[], None]) -> None:
    """The djscope that was attached has gone: nothing is left in the server."""
    with _attaching:
        if sender.is_current(connection):
            patches.undo()
            views.forget()
            on_left()


def _finish_import(module: Any) -> None:
    until = time.monotonic() + LOADED_WITHIN
    while getattr(getattr(module, "__spec__", None), "_initializing", False) and time.monotonic() < until:
        time.sleep(0.01)


def start_over() -> None:
    """In a forked child, where a lock may be held by a thread that is not there."""
    global _attaching
    _attaching = threading.RLock()
