"""What djust hands to its renderer: values, and the names that it says have changed.

The renderer keeps what it once got, so that what it holds is told as the
state of a view is: whole at first, then as differences.
"""

from __future__ import annotations

from typing import Any

from . import bounds, trouble
from .capture import _SCALARS, Encoded, Packed, State, pack
from .turns import Turn
from .views import ViewRecord, record_of


@trouble.guarded
def given(turn: Turn, view: Any, renderer: Any, context: Any, is_first: bool) -> None:
    """Copies the values of `context`, which the renderer adds to what it holds; all of it if it is the first."""
    record = record_of(view)
    if record.renderer is not renderer:
        record.renderer = renderer
        record.handed = {}
        record.is_partial = not is_first
    # Earlier turns refer to what was held then.
    held = dict(record.handed)
    state = State()
    for name, value in context.items():
        if len(held) >= bounds.MAX_HANDED and name not in held:
            turn.note(f"values handed to the renderer: only {bounds.MAX_HANDED} are told")
            break
        if type(name) is not str:
            continue
        told = value if type(value) in _SCALARS else _shared(pack(value), record, name)
        if type(told) is Packed and told is not record.handed.get(name):
            state.weight += len(told.data)
        held[name] = told
    record.handed = state.public = held
    if turn.record is not record:
        # A view that is embedded in that of the turn.
        return
    if turn.handed is not None:
        state.weight += turn.handed.weight
    turn.handed = state
    if record.is_partial:
        turn.note("values handed to the renderer: those from before the probe looked are not known")


def _shared(told: Any, record: ViewRecord, name: str) -> Any:
    """The copy that is kept already of an equal value: by the renderer, or in the view's state."""
    for known in (record.handed.get(name), record.latest.get(name)):
        if type(known) is Packed and type(told) is Packed and known.equals(told):
            return known
        if type(known) is Encoded and type(told) is Encoded and known.tree == told.tree:
            return known
    return told


@trouble.guarded
def taken_back(view: Any, names: Any) -> None:
    """The renderer has dropped these names, before it is handed the rest."""
    record = record_of(view)
    gone = set(names)
    record.handed = {name: told for name, told in record.handed.items() if name not in gone}


@trouble.guarded
def named(turn: Turn, view: Any, keys: Any) -> None:
    """The names that the renderer is given as changed."""
    if turn.record is not record_of(view) or type(keys) not in (list, tuple, set, frozenset):
        return
    known = turn.changed_keys or []
    names = sorted(key for key in keys if type(key) is str and key not in known)
    turn.changed_keys = [*known, *names][: bounds.MAX_HANDED]
