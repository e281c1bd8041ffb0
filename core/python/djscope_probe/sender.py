"""The connection to djscope: a bounded queue, a daemon thread that empties it, and one that listens.

The application's threads only put; whatever happens to the connection, they
are never held up. If djscope is not there, refuses, or goes away, the probe
is dead, for the rest of the process if it was started with it, and until the
next djscope attaches otherwise. Before djscope ends a server it asks for
the rest, since few servers end in a way that lets `atexit` run.
"""

from __future__ import annotations

import atexit
import os
import queue
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from . import bounds, trouble

# How often a busy sender looks. It is not woken by each turn: that would take
# the interpreter from the thread that is just answering.
PAUSE = 0.02
# How often it finds nothing before it sleeps until it is woken.
PATIENCE = 50
# What it waits before it encodes: frames and records that follow a turn closely join it.
SETTLE = 0.01
# What it waits between two turns of one batch.
BREATH = 0.0001
# `hello` waits this long for the modules of djust that are still being loaded.
HELLO_WITHIN = 1.0
# How long the answer to `flush` waits for turns that are about to end.
FLUSH_WITHIN = 0.5


class Listener(Protocol):
    """Whoever takes what the probe reports."""

    dead: bool

    def put(self, message: Any, weight: int) -> None:
        """Takes a turn or a message."""


class _Flush:
    """Stands in the queue for a question of djscope, behind all that it asks for."""


class Sender:
    """One process's connection."""

    def __init__(
        self, address: str, token: str, at_end: Callable[[Sender], None] | None = None
    ) -> None:
        """`at_end`: is called when the connection has ended, for a djscope that came to a running server."""
        host, _, port = address.rpartition(":")
        self.address = (host.strip("[]"), int(port))
        self.token = token
        self.at_end = at_end
        self.queue: queue.SimpleQueue[tuple[Any, int] | None] = queue.SimpleQueue()
        self.weight_in = 0
        self.weight_out = 0
        self.lost = 0
        self.dead = False
        self.closing = False
        # Set when djscope has lost a state: the next one of each view is sent whole.
        self.wants_whole = False
        self.peer: socket.socket | None = None
        self.thread = threading.Thread(target=self._run, name="djscope-probe", daemon=True)

    def put(self, message: Any, weight: int) -> None:
        """Queues a turn or a message, or counts it as lost."""
        waiting = self.queue.qsize()
        if (
            waiting >= bounds.MAX_WAITING
            or self.weight_in - self.weight_out > bounds.MAX_WAITING_BYTES
        ):
            self.lost += 1
            return
        self.weight_in += weight
        self.queue.put((message, weight))

    def close(self) -> None:
        """Sends what waits and `bye`, for at most a second."""
        if not self.dead and not self.closing:
            self.closing = True
            self.queue.put(None)
            self.thread.join(1.0)

    def _run(self) -> None:
        try:
            self.peer = socket.create_connection(self.address, timeout=2.0)
            self.peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answers = self._greet()
            threading.Thread(
                target=self._listen, args=(answers,), name="djscope-probe-ear", daemon=True
            ).start()
            while self._pass_on():
                pass
        except Exception:
            pass
        finally:
            self.dead = True
            if self.peer is not None:
                self._hang_up(self.peer)
            while not self.queue.empty():
                self.queue.get()
            if self.at_end is not None:
                self.at_end(self)

    @staticmethod
    def _hang_up(peer: socket.socket) -> None:
        try:
            # Wakes the thread that listens.
            peer.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        peer.close()

    def _greet(self) -> bytes:
        from . import messages

        # A djscope that came later finds all modules there.
        until = time.monotonic() + (HELLO_WITHIN if self.at_end is None else 0.0)
        while self.queue.empty() and time.monotonic() < until:
            time.sleep(PAUSE)
        self._send(messages.line(messages.hello(self.token)))
        assert self.peer is not None
        self.peer.settimeout(10.0)
        answer = b""
        while b"\n" not in answer:
            part = self.peer.recv(4096)
            if not part:
                raise ConnectionError("djscope closed the connection")
            answer += part
        answer, rest = answer.split(b"\n", 1)
        if b'"welcome"' not in answer:
            raise ConnectionError("djscope refused")
        return rest

    def _listen(self, received: bytes) -> None:
        """Hears when djscope asks for the rest, and when it has gone."""
        try:
            assert self.peer is not None
            while True:
                *lines, received = received.split(b"\n")
                for line in lines:
                    if b'"flush"' in line:
                        self.queue.put((_Flush(), 0))
                    elif b'"whole"' in line:
                        self.wants_whole = True
                try:
                    part = self.peer.recv(4096)
                except TimeoutError:
                    continue
                if not part:
                    break
                received += part
        except Exception:
            pass
        if not self.dead:
            # Wakes the sender, which finds its peer gone.
            self.dead = True
            self.queue.put(None)

    def _pass_on(self) -> bool:
        for _ in range(PATIENCE):
            if self.closing or not self.queue.empty():
                break
            time.sleep(PAUSE)
        first = self.queue.get()
        if not self.closing:
            time.sleep(SETTLE)
        lines: list[str] = []
        item: tuple[Any, int] | None = first
        more = True
        while more:
            if item is None:
                lines.append('{"type":"bye"}')
                break
            self._encode(item[0], lines)
            self.weight_out += item[1]
            more = not self.queue.empty() and len(lines) < 256
            if more:
                item = self.queue.get()
                # Lets a thread of the application that waits for the interpreter go first.
                time.sleep(BREATH)
        self._send("\n".join(lines))
        return item is not None

    def _encode(self, message: Any, lines: list[str]) -> None:
        from . import classes, messages, process
        from .turns import Turn

        if type(message) is _Flush:
            self._flush(lines)
            return
        if self.lost:
            lines.append(messages.line({"type": "lost", "messages": self.lost}))
            self.lost = 0
            self.wants_whole = True
        if self.wants_whole:
            self.wants_whole = False
            _forget_what_was_sent()
        try:
            if type(message) is Turn:
                lines.extend(process.untold())
                if message.view_class is not None:
                    told = classes.unsent(message.view_class, message.record, message.context)
                    lines.extend(told)
                lines.append(messages.turn(message))
            else:
                lines.append(messages.line(message))
        except Exception as error:
            trouble.failed("encoding", error)
            self.lost += 1

    def _flush(self, lines: list[str]) -> None:
        """Encodes all that waits, and what is about to be put: who asks for it ends the process next."""
        from . import turns

        until = time.monotonic() + FLUSH_WITHIN
        while turns.unfinished and time.monotonic() < until:
            time.sleep(SETTLE)
        for _ in range(self.queue.qsize()):
            item = self.queue.get()
            if item is None or type(item[0]) is _Flush:
                self.queue.put(item)
                break
            self._encode(item[0], lines)
            self.weight_out += item[1]
        lines.append('{"type":"flushed"}')

    def _send(self, text: str) -> None:
        assert self.peer is not None
        self.peer.sendall(text.encode("utf-8") + b"\n")


def _forget_what_was_sent() -> None:
    from . import views

    for _, record in list(views._records.values()):
        record.sent = None
        record.handed_sent = None


_sender: Sender | Listener | None = None
_has_registered = False


def start() -> None:
    """Connects this process to the djscope that has started it, once."""
    if _sender is not None:
        return
    address = os.environ.get("DJSCOPE_PROBE_ADDRESS", "")
    try:
        connect(Sender(address, os.environ.get("DJSCOPE_PROBE_TOKEN", "")))
    except ValueError:
        # No address: there is nobody to say it to.
        return


def connect(sender: Sender) -> None:
    """Reports over this connection from now on."""
    global _sender, _has_registered
    try:
        _sender = sender
        sender.thread.start()
    except Exception:
        _sender = None
        return
    if not _has_registered:
        _has_registered = True
        atexit.register(_stop)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_restart)


def report_to(listener: Listener) -> None:
    """Reports to somebody in this process from now on."""
    global _sender
    _sender = listener


def _stop() -> None:
    if isinstance(_sender, Sender):
        _sender.close()


def _restart() -> None:
    """A forked child has no sender thread; it connects by itself."""
    global _sender
    before = _sender
    if isinstance(before, Sender) and not before.dead:
        from . import turns, views

        views.start_over()
        forget_what_was_told()
        turns.unfinished.clear()
        _sender = None
        host, port = before.address
        connect(Sender(f"{host}:{port}", before.token, before.at_end))


def forget_what_was_told() -> None:
    """Whoever listens from now on has heard nothing."""
    from . import classes, process

    classes.start_over()
    process.start_over()


def alive() -> bool:
    """Whether anything that is gathered has a chance to be told."""
    return _sender is not None and not _sender.dead


def is_current(connection: Sender) -> bool:
    """Whether this is the latest connection."""
    return _sender is connection


def put(message: Any, weight: int = 0) -> None:
    """Queues a turn or a message for djscope."""
    if _sender is not None and not _sender.dead:
        _sender.put(message, weight)
