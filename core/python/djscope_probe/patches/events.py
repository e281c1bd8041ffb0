"""`djust.time_travel` and `djust.signals`: the state around a handler, and full HTML updates.

djust calls `record_event_start` and `record_event_end` for every event, under
the lock that events, ticks and pushes share, whether time travel is on or not.
"""

from __future__ import annotations

from typing import Any

from .. import trouble, turns
from . import replace, undone_by


def install_recording(module: Any) -> None:
    """Wraps the start of an event."""
    replace(module, "record_event_start", _started, "state before refused events")


def _started(original: Any) -> Any:
    def record_event_start(view: Any, *args: Any, **kwargs: Any) -> Any:
        turn = turns.running()
        if turn is not None and turn.kind == "event":
            try:
                turn.waited()
                turn.takes_before(view)
            except Exception as error:
                trouble.failed("state", error)
        return original(view, *args, **kwargs)

    return record_event_start


def install_signals(module: Any) -> None:
    """Listens for full HTML updates."""
    signal = getattr(module, "full_html_update", None)
    if signal is None:
        trouble.missing("reasons of full HTML updates: this djust has no full_html_update")
        return
    signal.connect(_full_html, dispatch_uid="djscope_probe", weak=False)
    undone_by(lambda: signal.disconnect(dispatch_uid="djscope_probe"))


def _full_html(sender: Any, **told: Any) -> None:
    try:
        turn = turns.running()
        if turn is not None:
            names = ("reason", "html_size", "previous_html_size", "patch_count", "version")
            turn.full_html = {name: told.get(name) for name in names}
    except Exception as error:
        trouble.failed("full HTML updates", error)
