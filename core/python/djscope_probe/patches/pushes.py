"""`djust.push`: pushes to the views of a class, as their sender knows them."""

from __future__ import annotations

import sys
from typing import Any

from .. import bounds, trouble, turns
from . import before, replace


def install(module: Any) -> None:
    """Wraps both ways to push."""
    replace(module, "push_to_view", before(_note), "pushes that a turn sends")
    replace(module, "apush_to_view", before(_note), "pushes that a turn sends")


@trouble.guarded
def _note(target: Any = None, *_: Any, **kwargs: Any) -> None:
    turn = turns.running()
    target = kwargs.get("view_path", target)
    if turn is None or type(target) is not str:
        return
    members = _members(target)
    own = _own_channel()
    skips_own = members is not None and own is not None and own in members
    state, handler = kwargs.get("state"), kwargs.get("handler")
    names = [name for name in state if type(name) is str] if type(state) is dict else []
    turn.does("pushes", {
        "target": target[:1000], "handler": handler if type(handler) is str else None,
        "state": names[: bounds.MAX_NAMES], "t_us": turn.now(),
        "delivered": None if members is None else len(members) - skips_own,
        "skips_own": skips_own,
    })  # fmt: skip


def _own_channel() -> str | None:
    """The channel of the session whose event is handled; djust tags its pushes with it."""
    origin = getattr(sys.modules.get("djust.push"), "origin_channel", None)
    found = origin.get() if origin is not None else None
    return found if type(found) is str else None


def _members(target: str) -> list[str] | None:
    """The channels that get a push; None if the channel layer does not have them in this process."""
    module = sys.modules.get("djust.push")
    if module is None:
        return None
    layer = module.get_channel_layer()
    groups = getattr(layer, "groups", None)
    if type(groups) is not dict:
        return None
    return list(groups.get(module.view_group_name(target), ()))
