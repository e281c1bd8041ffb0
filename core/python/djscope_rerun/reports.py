"""What the probe reports in this process: kept here instead of being sent."""

from __future__ import annotations

import json
from typing import Any

from djscope_probe import hooks, messages
from djscope_probe.turns import Turn


class Reports:
    """Stands where the probe has its connection."""

    def __init__(self) -> None:
        self.dead = False
        self._turns: list[Turn] = []
        self._logs: list[dict[str, Any]] = []

    def put(self, message: Any, _: int = 0) -> None:
        """Takes a turn or a log record."""
        if type(message) is Turn:
            self._turns.append(message)
        elif type(message) is dict:
            self._logs.append(message)

    def begin(self) -> None:
        """Forgets what came before a turn."""
        self._turns.clear()
        self._logs.clear()

    def taken(self) -> tuple[list[Any], list[dict[str, Any]]]:
        """The turns, with whole states, and the log records outside of them."""
        found = []
        for turn in self._turns:
            if turn.record is not None:
                # States are told whole: who compares has none from before.
                turn.record.sent = turn.record.handed_sent = None
            told = json.loads(messages.turn(turn))
            told["after"] = _whole(told["before"], told["after"])
            found.append(told)
        logs = list(self._logs)
        self.begin()
        return found, logs


def _whole(before: Any, after: Any) -> Any:
    """The state after a turn, which the probe tells as the difference to the one before."""
    if before is None or after is None or not after["base"]:
        return after
    gone = set(after["unset"])
    whole = {
        scope: {**{k: v for k, v in before[scope].items() if k not in gone}, **after[scope]}
        for scope in ("public", "private")
    }
    return {"base": False, **whole, "unset": []}


def listen() -> Reports:
    """Puts the probe into this process."""
    reports = Reports()
    hooks.observe(reports)
    return reports
