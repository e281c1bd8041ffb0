"""What the probe cannot see, and where it failed itself."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

_missing: list[str] = []
_unsaid: list[str] = []
_failures: dict[str, int] = {}


def missing(sentence: str) -> None:
    """Note a feature that this version of djust does not let us see."""
    if sentence not in _missing:
        _missing.append(sentence)
        _unsaid.append(sentence)


def failed(where: str, error: BaseException) -> None:
    """Note an exception inside the probe; it must never reach the application."""
    try:
        sentence = f"{where}: the probe failed with {type(error).__name__}"
        count = _failures.get(sentence, 0) + 1
        _failures[sentence] = count
        if count & (count - 1) == 0:
            _unsaid.append(sentence if count == 1 else f"{sentence} ({count} times)")
    except Exception:
        return


def guarded(function: Callable[..., None]) -> Callable[..., None]:
    """A function of the probe that gives up, noted, where it would raise."""

    @functools.wraps(function)
    def guard(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except Exception as error:
            failed(function.__name__, error)

    return guard


def known() -> list[str]:
    """Everything noted so far, for `hello`."""
    _unsaid.clear()
    return [*_missing, *(f"{sentence} ({count} times)" for sentence, count in _failures.items())]


def news() -> list[str]:
    """What was noted since it was last asked for; each sentence is told once."""
    if not _unsaid:
        return []
    told = list(_unsaid)
    del _unsaid[: len(told)]
    return told
