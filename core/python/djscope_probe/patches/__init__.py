"""What is wrapped in djust, one module here for each concern.

Each `install` is called with the module of djust it is for, once that module
has been loaded. A name that this djust does not have is reported as missing
and leaves the rest at work. `undo` takes everything back: a djscope that was
attached leaves no hook behind.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from .. import failures, trouble


# What stands in the place of what: owner, name, original, replacement.
_replaced: list[tuple[Any, str, Any, Any]] = []
# What could not be taken back, because somebody else has wrapped it since. It works below
# that as soon as a djscope listens again, and does nothing until then.
_covered: list[tuple[Any, str, Any, Any]] = []
_undoing: list[Callable[[], Any]] = []


def version() -> str:
    """The version of djust in this process."""
    return str(getattr(sys.modules.get("djust"), "__version__", "of unknown version"))


def replace(owner: Any, name: str, make: Callable[[Any], Any], feature: str | None) -> bool:
    """Puts `make(original)` in the place of an attribute of a class or module.

    With `feature` None the attribute may be absent without a word.
    """
    original = vars(owner).get(name)
    if original is None or not callable(original):
        if feature is not None:
            trouble.missing(f"{feature}: djust {version()} has no {name}")
        return False
    if any(of is owner and named == name for of, named, _, _ in _covered):
        return True
    try:
        replacement = functools.wraps(original)(make(original))
        setattr(owner, name, replacement)
        _replaced.append((owner, name, original, replacement))
        return True
    except Exception as error:
        trouble.failed(feature or name, error)
        return False


def undone_by(action: Callable[[], Any]) -> None:
    """Has `undo` call `action`, for what is no attribute."""
    _undoing.append(action)


def reach_aliases() -> None:
    """Replaces what modules have imported by name before the hooks were there.

    Only functions of the module that was hooked: a name that djust itself has
    from elsewhere is hooked where djust uses it, and nowhere else.
    """
    _exchange({id(old): (old, new) for owner, _, old, new in _replaced if _is_own(owner, old)})


def undo() -> None:
    """Puts everything back, last things first."""
    while _undoing:
        action = _undoing.pop()
        try:
            action()
        except Exception as error:
            trouble.failed("leave", error)
    _exchange({id(new): (new, old) for owner, _, old, new in _replaced if _is_own(owner, old)})
    while _replaced:
        owner, name, original, replacement = _replaced.pop()
        if vars(owner).get(name) is replacement:
            setattr(owner, name, original)
        elif vars(owner).get(name) is not original:
            _covered.append((owner, name, original, replacement))


def _is_own(owner: Any, function: Any) -> bool:
    return (
        isinstance(owner, ModuleType)
        and type(function) is FunctionType
        and function.__module__ == owner.__name__
    )


def _exchange(pairs: dict[int, tuple[Any, Any]]) -> None:
    """In the namespace of every module."""
    for module in list(sys.modules.values()) if pairs else ():
        names = getattr(module, "__dict__", None)
        for name, value in list(names.items()) if type(names) is dict else ():
            found = pairs.get(id(value))
            if found is not None and found[0] is value:
                names[name] = found[1]


def before(note: Callable[..., None]) -> Callable[[Any], Any]:
    """Makes a function call `note` with its arguments first. What it raises reads as without the probe."""

    def make(original: Any) -> Any:
        if inspect.iscoroutinefunction(original):

            @functools.wraps(original)
            async def watched_async(*args: Any, **kwargs: Any) -> Any:
                note(*args, **kwargs)
                try:
                    return await original(*args, **kwargs)
                except BaseException as error:
                    failures.leave_unseen(error)
                    raise

            return watched_async

        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            note(*args, **kwargs)
            try:
                return original(*args, **kwargs)
            except BaseException as error:
                failures.leave_unseen(error)
                raise

        return watched

    return make


def after(note: Callable[..., None]) -> Callable[[Any], Any]:
    """Makes a function call `note` with its answer and its arguments last; the same of what it raises."""

    def make(original: Any) -> Any:
        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            try:
                answer = original(*args, **kwargs)
            except BaseException as error:
                failures.leave_unseen(error)
                raise
            note(answer, *args, **kwargs)
            return answer

        return watched

    return make


def class_of(module: Any, name: str, feature: str) -> Any:
    """A class of a module of djust, or None, which is reported."""
    found = getattr(module, name, None)
    if not isinstance(found, type):
        trouble.missing(f"{feature}: djust {version()} has no {name}")
        return None
    return found
