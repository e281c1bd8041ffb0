"""What is wrapped in djust, one module here for each concern.

Each `install` is called with the module of djust it is for, once that module
has been loaded. A name that this djust does not have is reported as missing
and leaves the rest at work.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

from .. import failures, trouble


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
    try:
        replacement = functools.wraps(original)(make(original))
        setattr(owner, name, replacement)
        return True
    except Exception as error:
        trouble.failed(feature or name, error)
        return False


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
