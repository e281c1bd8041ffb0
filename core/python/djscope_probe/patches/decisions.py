"""`djust.websocket`: what djust sees as changed, and whether it renders.

The runtime imports these functions each time that it needs them.
"""

from __future__ import annotations

from typing import Any

from .. import bounds, trouble, turns
from . import after, replace


_reads_flags = False


def install(module: Any) -> None:
    """Wraps the comparison of a view with itself, and the decision to skip a render."""
    replace(module, "_snapshot_assigns", after(_looked), "names that djust saw as changed")
    replace(module, "_compute_changed_keys", after(_compared), "names that djust saw as changed")
    global _reads_flags
    # Before 1.2 djust reads the flags where it needs them, right after the handler.
    _reads_flags = not replace(module, "_resolve_skip_render", after(_decided), None)


def handler_ended(turn: turns.Turn) -> None:
    """What the handler asked for, where djust has no function that decides."""
    view = turn.record.view() if _reads_flags and turn.record is not None else None
    if view is not None and turn.kind != "mount":
        turn.skip = view.__dict__.get("_skip_render") is True
        turn.force = view.__dict__.get("_force_full_html") is True


@trouble.guarded
def _looked(*_: Any, **__: Any) -> None:
    turn = turns.running()
    if turn is not None:
        turn.compared += 1


@trouble.guarded
def _compared(names: Any, *_: Any, **__: Any) -> None:
    turn = turns.running()
    if turn is not None:
        told = {name for name in names if type(name) is str}.union(turn.changed or ())
        turn.changed = sorted(told)[: bounds.MAX_HANDED]


@trouble.guarded
def _decided(skips: Any, view: Any, *_: Any, **__: Any) -> None:
    turn = turns.running()
    if turn is not None:
        turn.skip = bool(skips)
        turn.force = view.__dict__.get("_force_full_html") is True
