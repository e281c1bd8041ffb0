"""JSON lines over two file descriptors."""

from __future__ import annotations

import json
import os
from typing import Any

_CHUNK = 1 << 16


class Lines:
    """Reads messages from one pipe and writes them to another."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self.read_fd = read_fd
        self.write_fd = write_fd
        self._waiting = b""
        self._ready: list[bytes] = []

    def read(self) -> dict[str, Any] | None:
        """The next message; None once the other side has closed."""
        line = self.read_line()
        return None if line is None else json.loads(line)

    def read_line(self) -> bytes | None:
        """The next message as it came; None once the other side has closed."""
        while not self._ready:
            part = os.read(self.read_fd, _CHUNK)
            if not part:
                return None
            self.feed(part)
        return self._ready.pop(0)

    def feed(self, part: bytes) -> None:
        """Takes bytes that were read by somebody else."""
        *lines, self._waiting = (self._waiting + part).split(b"\n")
        self._ready.extend(lines)

    def taken(self) -> bytes | None:
        """A message that is here already, if there is one."""
        return self._ready.pop(0) if self._ready else None

    def write(self, message: dict[str, Any]) -> None:
        """Sends a message."""
        self.write_line(json.dumps(message, separators=(",", ":")).encode("ascii"))

    def write_line(self, line: bytes) -> None:
        """Sends a message that is JSON already."""
        left = memoryview(line + b"\n")
        while left:
            left = left[os.write(self.write_fd, left) :]

    def close(self) -> None:
        """Closes both pipes."""
        os.close(self.read_fd)
        os.close(self.write_fd)
