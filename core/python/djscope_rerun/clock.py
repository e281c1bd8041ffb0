"""The time that the project's code sees: it stands still within a turn.

`time` is replaced by name wherever it was imported from. The methods of
`datetime` belong to a class written in C, so they are exchanged in the class's
own dictionary; where that is not possible the clock goes on, which is said.
Monotonic clocks go on, so that timeouts and `asyncio.sleep` end.
"""

from __future__ import annotations

import datetime
import gc
import sys
import time
from collections.abc import Callable
from typing import Any

# Code that waits for a moment would wait for ever: after so many looks in one turn the clock goes on.
PATIENCE = 10_000

_real_time_ns = time.time_ns
_real_monotonic_ns = time.monotonic_ns
_now_us: int | None = None
_reads = 0
_goes_on_since: int | None = None


def real_time_us() -> int:
    """The time that it is, in microseconds since 1970."""
    return _real_time_ns() // 1000


def stop_at(unix_us: int) -> None:
    """Stops the clock at this time; for the beginning of a turn."""
    global _now_us, _reads, _goes_on_since
    _now_us, _reads, _goes_on_since = unix_us, 0, None


def reads() -> int:
    """How often the time was asked for since the clock was stopped."""
    return _reads


def now_us() -> int:
    """The time that the project's code sees."""
    global _reads, _goes_on_since
    if _now_us is None:
        return real_time_us()
    _reads += 1
    if _reads < PATIENCE:
        return _now_us
    if _goes_on_since is None:
        _goes_on_since = _real_monotonic_ns()
    return _now_us + (_real_monotonic_ns() - _goes_on_since) // 1000


def install() -> str | None:
    """Puts it in the place of the system's; gives why not, if not all of it could be."""
    replaced = {
        time.time: lambda: now_us() / 1e6,
        time.time_ns: lambda: now_us() * 1000,
        time.localtime: _of_now(time.localtime),
        time.gmtime: _of_now(time.gmtime),
        time.ctime: _of_now(time.ctime),
        time.strftime: _strftime(time.strftime, time.localtime),
        time.asctime: _asctime(time.asctime, time.localtime),
    }
    for old, new in replaced.items():
        new.__name__ = new.__qualname__ = old.__name__
        new.__module__ = "time"
    exchange({id(old): (old, new) for old, new in replaced.items()}, but=__name__)
    return _exchange_methods()


def _of_now(original: Callable[..., Any]) -> Callable[..., Any]:
    def told(seconds: Any = None) -> Any:
        return original(now_us() / 1e6 if seconds is None else seconds)

    return told


def _strftime(original: Callable[..., str], local: Callable[..., Any]) -> Callable[..., str]:
    def strftime(form: str, moment: Any = None) -> str:
        return original(form, local(now_us() / 1e6) if moment is None else moment)

    return strftime


def _asctime(original: Callable[..., str], local: Callable[..., Any]) -> Callable[..., str]:
    def asctime(moment: Any = None) -> str:
        return original(local(now_us() / 1e6) if moment is None else moment)

    return asctime


def exchange(pairs: dict[int, tuple[Any, Any]], but: str) -> None:
    """Replaces objects, found by identity, in the namespace of every module but one."""
    for name, module in list(sys.modules.items()):
        names = getattr(module, "__dict__", None)
        if name == but or type(names) is not dict:
            continue
        for key, value in list(names.items()):
            found = pairs.get(id(value))
            if found is not None and found[0] is value:
                names[key] = found[1]


def _now(cls: Any, tz: Any = None) -> Any:
    return cls.fromtimestamp(now_us() / 1e6, tz)


def _utcnow(cls: Any) -> Any:
    return cls.fromtimestamp(now_us() / 1e6, datetime.timezone.utc).replace(tzinfo=None)


def _today(cls: Any) -> Any:
    return cls.fromtimestamp(now_us() / 1e6)


def _exchange_methods() -> str | None:
    try:
        import ctypes

        moment, day = (_dictionary(cls) for cls in (datetime.datetime, datetime.date))
        moment["now"] = classmethod(_now)
        moment["utcnow"] = classmethod(_utcnow)
        moment["today"] = day["today"] = classmethod(_today)
        for cls in (datetime.datetime, datetime.date):
            ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))
        stop_at(0)
        is_stopped = datetime.datetime.now(datetime.timezone.utc).timestamp() == 0
    except Exception as error:
        return f"the clock of datetime goes on: {type(error).__name__}: {error}"
    finally:
        _start_again()
    return None if is_stopped else "the clock of datetime goes on: this Python keeps its methods elsewhere"


def _start_again() -> None:
    global _now_us
    _now_us = None


def _dictionary(cls: type) -> dict[str, Any]:
    """The dictionary behind the read-only view of it that a class gives."""
    found = gc.get_referents(cls.__dict__)[0]
    if type(found) is not dict:
        raise TypeError(f"{cls.__name__} has no dictionary of its own")
    return found
