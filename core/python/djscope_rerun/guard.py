"""Holds back what would leave the process, and keeps a list of it.

Python reports what it is about to do to hooks like this one, which may refuse.
The code that wanted to do it sees a `PermissionError`. Not seen: libraries in C
that do not ask Python, and files and sockets that were open before.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

# What can be allowed, and what it is.
KINDS = ("net", "process", "files", "mail", "db-write")

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Blocked(PermissionError):
    """What a handler sees that tried to do something outside."""


def _text(item: Any) -> str:
    if isinstance(item, bytes):
        item = os.fsdecode(item)
    return str(item)[:200]


def _address(args: tuple[Any, ...]) -> str:
    address = args[1]
    if isinstance(address, tuple) and len(address) >= 2:
        return f"{_text(address[0])}:{address[1]}"
    return _text(address)


def _host(args: tuple[Any, ...]) -> str:
    return f"{_text(args[1])}:{args[2]}"


def _first(args: tuple[Any, ...]) -> str:
    return _text(args[0]) if args else ""


def _command(args: tuple[Any, ...]) -> str:
    words = args[1]
    return _text(" ".join(map(str, words)) if isinstance(words, (list, tuple)) else words or args[0])


def _nothing(_: tuple[Any, ...]) -> str:
    return ""


# What Python reports → the kind, what was wanted, and of what.
_RULES: dict[str, tuple[str, str, Callable[[tuple[Any, ...]], str]]] = {
    "smtplib.connect": ("net", "connect", _host), "http.client.connect": ("net", "connect", _host),
    "ftplib.connect": ("net", "connect", _host), "imaplib.open": ("net", "connect", _host),
    "socket.connect": ("net", "connect", _address), "socket.sendto": ("net", "send", _address),
    "socket.sendmsg": ("net", "send", _address), "socket.bind": ("net", "listen", _address),
    "socket.getaddrinfo": ("net", "look up", _first), "socket.gethostbyname": ("net", "look up", _first),
    "subprocess.Popen": ("process", "start", _command), "os.system": ("process", "start", _first),
    "os.posix_spawn": ("process", "start", _first), "os.spawn": ("process", "start", _command),
    "os.exec": ("process", "become", _first), "os.fork": ("process", "fork", _nothing),
    "os.forkpty": ("process", "fork", _nothing), "pty.spawn": ("process", "start", _first),
    "os.kill": ("process", "signal", _first), "os.killpg": ("process", "signal", _first),
    "os.remove": ("files", "remove", _first), "os.rename": ("files", "rename", _first),
    "os.rmdir": ("files", "remove", _first), "os.mkdir": ("files", "make", _first),
    "os.link": ("files", "link", _first), "os.symlink": ("files", "link", _first),
    "os.truncate": ("files", "cut", _first), "os.chmod": ("files", "change", _first),
    "os.chown": ("files", "change", _first), "os.utime": ("files", "change", _first),
    "os.mkfifo": ("files", "make", _first), "os.mknod": ("files", "make", _first),
    "shutil.rmtree": ("files", "remove", _first), "sqlite3.connect": ("db-write", "open database", _first),
}  # fmt: skip

_FILES = ("files", "db-write")


class Guard:
    """What is held back, and what was."""

    def __init__(self) -> None:
        self.is_on = False
        self.allowed: frozenset[str] = frozenset()
        # Folders of the worker's own, where everything may be written.
        self.folders: tuple[str, ...] = ()
        # (kind, what was wanted, of what) → how often.
        self.held_back: dict[tuple[str, str, str], int] = {}
        self._is_installed = False

    def install(self) -> None:
        """Begins to listen, for the rest of the process; nothing is held back before `is_on`."""
        if not self._is_installed:
            self._is_installed = True
            sys.addaudithook(self._hook)

    def note(self, kind: str, wanted: str, of: str) -> None:
        """Puts something on the list that somebody else has held back."""
        key = kind, wanted, of
        self.held_back[key] = self.held_back.get(key, 0) + 1

    def taken(self) -> list[dict[str, Any]]:
        """What was held back since the last time."""
        held, self.held_back = self.held_back, {}
        return [
            {"kind": kind, "wanted": wanted, "of": of, "times": times}
            for (kind, wanted, of), times in held.items()
        ]

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.is_on:
            return
        if event == "open":
            self._open(args)
            return
        rule = _RULES.get(event)
        if rule is not None:
            kind, wanted, of = rule
            if kind in _FILES and self._is_own(args):
                return
            self._refuse(kind, wanted, of(args))

    def _open(self, args: tuple[Any, ...]) -> None:
        path, _, flags = args
        if not isinstance(flags, int) or not flags & _WRITES or isinstance(path, int):
            return
        if not self._is_own(args) and path not in ("/dev/null", b"/dev/null", os.devnull):
            self._refuse("files", "write", _text(path))

    def _is_own(self, args: tuple[Any, ...]) -> bool:
        path = args[0] if args else None
        if isinstance(path, int):
            return True
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False
        text = os.fsdecode(path)
        if text == ":memory:" or text.startswith("file::memory:"):
            return True
        full = os.path.abspath(text.removeprefix("file:").partition("?")[0])
        return any(full == folder or full.startswith(folder + os.sep) for folder in self.folders)

    def _refuse(self, kind: str, wanted: str, of: str) -> None:
        if kind in self.allowed:
            return
        self.note(kind, wanted, of)
        raise Blocked(f"djscope rerun holds this back: {wanted} {of} (--allow {kind} lets it through)")


guard = Guard()
