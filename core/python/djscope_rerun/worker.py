"""Answers djscope: sets the project up, begins and ends runs."""

from __future__ import annotations

import json
import os
from typing import Any

from . import child, hooks
from .guard import guard
from .lines import Lines
from .project import NotThere, Project
from .reports import Reports, listen


class Worker:
    """What was set up, and the run that is under way."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.project: Project | None = None
        self.reports: Reports | None = None
        self.run: dict[str, Any] | None = None
        self.process: Any = None

    def serve(self) -> None:
        """Answers until djscope has gone."""
        while (line := self.lines.read_line()) is not None:
            if not self._answer(line):
                break
        self._end_run()

    def _answer(self, line: bytes) -> bool:
        message = json.loads(line)
        kind = message["type"]
        if kind == "start":
            self._start(message)
        elif kind == "run":
            self._begin_run(message)
        elif kind == "step":
            self._step(line, message)
        elif kind == "end":
            self._end_run()
        return kind != "quit"

    def _start(self, told: dict[str, Any]) -> None:
        project = Project(told)
        try:
            project.set_up()
        except NotThere as error:
            self.lines.write({
                "type": "failed", "stage": error.stage, "message": str(error),
                "traceback": error.traceback, "held_back": guard.taken(),
            })  # fmt: skip
            return
        self.reports = listen()
        hooks.install()
        self.project = project
        held_back = guard.taken()
        self.lines.write({"type": "ready", **project.described(), "held_back": held_back})

    def _begin_run(self, run: dict[str, Any]) -> None:
        self._end_run()
        assert self.project is not None and self.reports is not None
        kept = self.project.databases.kept
        run["keeps_network"] = "net" in guard.allowed or "transaction" in kept.values()
        self.run = run
        self.project.databases.begin_run(run["run"])
        if not hasattr(os, "fork"):
            # One run for a process then: djscope starts another worker for the next.
            child.run(self.lines, run, self.project.databases, self.reports, None)

    def _step(self, line: bytes, step: dict[str, Any]) -> None:
        from .supervise import Supervised

        assert self.project is not None and self.reports is not None and self.run is not None
        if self.process is None:
            others = (self.lines.read_fd, self.lines.write_fd)
            self.process = Supervised(self.run, self.project.databases, self.reports, others)
        answer = self.process.take(line)
        if isinstance(answer, bytes):
            self.lines.write_line(answer)
            return
        self.process = None
        self.lines.write({"type": "did", "turn": step["turn"], "end": answer})

    def _end_run(self) -> None:
        if self.process is not None:
            self.process.close()
            self.process = None
        if self.run is not None and self.project is not None:
            self.project.databases.end_run(self.run["run"])
        self.run = None


def main(read_fd: int, write_fd: int) -> int:
    """Serves over two pipes until djscope closes them."""
    lines = Lines(read_fd, write_fd)
    os.set_inheritable(read_fd, False)
    os.set_inheritable(write_fd, False)
    lines.write({"type": "hello", "protocol": 1, "pid": os.getpid()})
    Worker(lines).serve()
    return 0
