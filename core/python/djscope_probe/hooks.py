"""Which patches belong to which module of djust, and the start of the probe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from . import logs, queries, sender, trouble
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


def loaded(name: str, module: Any) -> None:
    """Called after a module of djust was loaded; never raises."""
    try:
        if _only_watches_files():
            return
        _start()
    except Exception as error:
        trouble.failed("start", error)
    for patch in _PATCHES.get(name, ()):
        try:
            patch(module)
        except Exception as error:
            trouble.failed(name, error)


def _only_watches_files() -> bool:
    """The outer process of Django's autoreloader loads the project but serves nothing."""
    return (
        "runserver" in sys.argv
        and "--noreload" not in sys.argv
        and os.environ.get("RUN_MAIN") != "true"
    )


def _start() -> None:
    global _started
    if _started:
        return
    _started = True
    sender.start()
    for install in (logs.install, queries.install, tasks.install_threads):
        try:
            install()
        except Exception as error:
            trouble.failed(install.__module__, error)
