"""A process for each run, with limits, and what became of it.

The project is set up once, in this process, which never runs a handler. Each
run is a fork of it. One that hangs, crashes or eats the memory is an answer,
and the next step goes to a new one.
"""

from __future__ import annotations

import faulthandler
import os
import re
import select
import signal
import sys
import sysconfig
import tempfile
import time
from typing import Any

from . import child, network
from .databases import Databases, quietly
from .lines import Lines
from .reports import Reports

_FRAME = re.compile(r'File "([^"]+)", line (\d+)(?: in |, in )?(\S*)')
# Between the question for the stacks of coroutines and the end, in seconds.
_LAST_WORDS = 0.15
_OWN = os.path.dirname(os.path.abspath(__file__))
_LIBRARIES = tuple(
    os.path.abspath(path)
    for path in {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    if path
)


class Supervised:
    """The process that takes the steps of a run."""

    def __init__(
        self, run: dict[str, Any], databases: Databases, reports: Reports, others: tuple[int, ...]
    ) -> None:
        """Forks it; `others` are descriptors that it must not keep."""
        self.seconds: float = run.get("seconds") or 10.0
        self.trace = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        to_child, from_parent = os.pipe()
        to_parent, from_child = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            code = 70
            try:
                for descriptor in (from_parent, to_parent, *others):
                    os.close(descriptor)
                _limit(run)
                network.leave(run)
                faulthandler.enable(self.trace)
                child.run(Lines(to_child, from_child), run, databases, reports, self.trace)
                code = 0
            finally:
                quietly(sys.stdout.flush)
                quietly(sys.stderr.flush)
                os._exit(code)
        os.close(to_child)
        os.close(from_child)
        self.lines = Lines(to_parent, from_parent)

    def take(self, line: bytes) -> bytes | dict[str, Any]:
        """The answer to a step, or what became of the process instead."""
        until = time.monotonic() + self.seconds
        try:
            self.lines.write_line(line)
        except BrokenPipeError:
            return self._ended("died")
        has_asked = False
        while (answer := self.lines.taken()) is None:
            left = until - time.monotonic()
            if left <= 0:
                return self._ended("hang")
            if left <= _LAST_WORDS and not has_asked and child.SHOW_TASKS is not None:
                has_asked = True
                quietly(lambda: os.kill(self.pid, child.SHOW_TASKS))
            wait = left if has_asked else max(0.0, left - _LAST_WORDS)
            if select.select([self.lines.read_fd], [], [], wait)[0]:
                part = os.read(self.lines.read_fd, 1 << 16)
                if not part:
                    return self._ended("died")
                self.lines.feed(part)
        return answer

    def close(self) -> None:
        """Ends it in good order, or else by force."""
        os.close(self.lines.write_fd)
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                break
            time.sleep(0.002)
        else:
            self._kill()
        os.close(self.lines.read_fd)
        self.trace.close()

    def _kill(self) -> tuple[int, int]:
        if child.SHOW_TASKS is not None:
            quietly(lambda: os.killpg(self.pid, signal.SIGKILL))
        quietly(lambda: os.kill(self.pid, signal.SIGKILL))
        _, status, use = os.wait4(self.pid, 0)
        return status, use.ru_maxrss // 1024

    def _ended(self, how: str) -> dict[str, Any]:
        if how == "died":
            # It has ended by itself: what it was is to be heard before anything is done to it.
            time.sleep(0.01)
            quietly(lambda: os.killpg(self.pid, 0))
        status, peak_mb = self._kill() if how == "hang" else self._wait()
        self.trace.seek(0)
        where = places(self.trace.read())
        quietly(self.trace.close)
        os.close(self.lines.read_fd)
        os.close(self.lines.write_fd)
        return {
            "how": how, "peak_mb": peak_mb, "where": where, "seconds": self.seconds,
            "signal": os.WTERMSIG(status) if how == "died" and os.WIFSIGNALED(status) else None,
            "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        }  # fmt: skip

    def _wait(self) -> tuple[int, int]:
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            pid, status, use = os.wait4(self.pid, os.WNOHANG)
            if pid:
                quietly(lambda: os.killpg(self.pid, signal.SIGKILL))
                return status, use.ru_maxrss // 1024
            time.sleep(0.002)
        return self._kill()


def _limit(run: dict[str, Any]) -> None:
    """A session of its own, so that what it starts ends with it; limits of memory and time."""
    import resource

    os.setsid()
    _end_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    seconds = int(run.get("seconds") or 10.0)
    # Of the processor, for the whole run: the limit of a step is kept from outside.
    steps = int(run.get("steps") or 1)
    cpu = seconds * steps + 60
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    memory = int(run.get("memory_mb") or 0) << 20
    if memory:
        size = _size_now()
        resource.setrlimit(resource.RLIMIT_AS, (size + memory, size + memory))


def _end_with_parent() -> None:
    """Where the system can: the process ends when the worker does, however that ends."""
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))


def _size_now() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 1 << 30


def places(stacks: str) -> list[dict[str, Any]]:
    """The lines of the project in stacks, innermost first, each once."""
    found: list[dict[str, Any]] = []
    for file, line, function in _FRAME.findall(stacks):
        is_library = os.path.abspath(file).startswith((*_LIBRARIES, _OWN)) or file.startswith("<")
        place = {"file": file, "line": int(line), "function": function.strip("<>") or None}
        if not is_library and place not in found:
            found.append(place)
    return found[:5]
