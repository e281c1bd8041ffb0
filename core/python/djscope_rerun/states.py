"""The state of a view as it was recorded, put back into a live one."""

from __future__ import annotations

import json
import re
from typing import Any

from djscope_probe.messages import json_of
from djscope_probe.views import record_of

from .values import Restorer

_SCOPES = ("public", "private")
# What stands in the place of a secret, in texts and in states.
_MARK = re.compile(r"\[redacted(?::[^\]]*)?\]")

State = dict[str, dict[str, Any]]


def state_now(view: Any) -> State:
    """The state of a view in the words of a recording."""
    state = record_of(view).state(view)
    if state is None:
        return {"public": {}, "private": {}}
    return {
        "public": {name: json.loads(json_of(told)) for name, told in state.public.items()},
        "private": {name: json.loads(json_of(told)) for name, told in state.private.items()},
    }


def pin(
    view: Any, wanted: State, restorer: Restorer, *, keeps_others: bool = False, is_fresh: bool = False
) -> list[str]:
    """Makes the state what it was; gives the names that had another value.

    `keeps_others`: names that are not in it stay as they are. `is_fresh`: the view was mounted for it.
    """
    now = state_now(view)
    names = record_of(view).names
    slots = {public: slot for slot, public in names.slots.items()}
    own = view.__dict__
    changed = []
    for scope in _SCOPES:
        for name in () if keeps_others else now[scope].keys() - wanted[scope].keys():
            own.pop(slots.get(name, name), None)
            changed.append(name)
        for name, told in wanted[scope].items():
            if name in now[scope] and same(now[scope][name], told):
                if is_fresh:
                    restorer.note_kept(told, name)
                continue
            slot = slots.get(name, name)
            own[slot] = restorer.value(told, own.get(slot), name)
            changed.append(name)
    if changed:
        _register_components(view)
    return changed


def same(now: Any, told: Any) -> bool:
    """Whether a value is the one that was recorded, as far as it was recorded."""
    if type(told) is str and "[redacted" in told:
        return type(now) is str and _fits(now, told)
    if type(told) is dict:
        if len(told) == 1 and "$redacted" in told:
            return True
        if type(now) is not dict or now.keys() != told.keys():
            return False
        if "$queryset" in told:
            return _same_queryset(now["$queryset"], told["$queryset"])
        if "$cut" in told:
            # Digests are of no meaning in another process.
            now, told = ({k: v for k, v in each["$cut"].items() if k != "digest"} for each in (now, told))
        return all(same(now[key], item) for key, item in told.items())
    if type(told) is list:
        return type(now) is list and len(now) == len(told) and all(map(same, now, told))
    return type(now) is type(told) and bool(now == told)


def _same_queryset(now: Any, told: Any) -> bool:
    is_known = now["sql"] is not None and told["sql"] is not None
    return (
        now["model"] == told["model"]
        and same(now["rows"], told["rows"])
        and (not is_known or same(now["sql"], told["sql"]))
    )


def _fits(text: str, told: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in _MARK.split(told))
    return re.fullmatch(pattern, text, re.DOTALL) is not None


def _register_components(view: Any) -> None:
    registered = view.__dict__.get("_components")
    if not isinstance(registered, dict) or not hasattr(view, "_register_component"):
        return
    for name, item in list(view.__dict__.items()):
        if hasattr(item, "_set_parent_callback") and item not in registered.values():
            view._register_component(item, name)
