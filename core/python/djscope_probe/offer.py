"""Offers a server that runs to a djscope that comes later.

A file in the user's runtime folder says which process this is, and a socket
beside it takes one request: to report to a djscope. Until then there are no
hooks, and nothing runs but a thread that waits for the socket. Only servers
under Django's `DEBUG` offer themselves, or those with `DJSCOPE_PROBE=1`.

The messages are described in `docs/probe-protocol.md`.
"""

from __future__ import annotations

import atexit
import hmac
import ipaddress
import json
import os
import secrets
import socket
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from . import process, reloader

VERSION = 1

# How long Django may take from the import of djust until its apps are ready.
READY_WITHIN = 120.0
READY_PAUSE = 0.05
# How long a request may take, and how long it may be.
REQUEST_WITHIN = 2.0
LONGEST_REQUEST = 4096
# `sun_path` of unix(7), with the zero at its end.
LONGEST_SOCKET_PATH = 107

_WaitFor = Callable[[frozenset[str], Callable[[str, Any], None]], Callable[[], None]]


class Offer:
    """The file and the socket of this process."""

    def __init__(self, folder: str, wait_for: _WaitFor) -> None:
        self.file = os.path.join(folder, f"{os.getpid()}.json")
        self.socket_path = os.path.join(folder, f"{os.getpid()}.sock")
        self.wait_for = wait_for
        self.token = secrets.token_hex(16)
        # Process id of the djscope that is attached; None if none is, or it did not say.
        self.held_by: int | None = None
        self.writing = threading.Lock()
        self.is_withdrawn = False
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def publish(self) -> None:
        """Listens, and says so."""
        _remove(self.socket_path)
        self.socket.bind(self.socket_path)
        os.chmod(self.socket_path, 0o600)
        self.socket.listen(4)
        self.write()

    def write(self) -> None:
        """Says so in the file, with the djscope that is attached."""
        # Nobody sees half of a file.
        unfinished = self.file + ".new"
        _remove(unfinished)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        handle = os.open(unfinished, flags, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            # A umask can take the owner's own rights away.
            os.fchmod(handle, 0o600)
            json.dump(self.described(), file)
        os.replace(unfinished, self.file)

    def described(self) -> dict[str, Any]:
        """What the file says."""
        told = process.described()
        kept = ("pid", "argv", "cwd", "python", "django", "djust")
        return {
            "offer": VERSION, "started": started(), "token": self.token,
            "socket": os.path.basename(self.socket_path), "held_by": self.held_by,
            **{name: told[name] for name in kept},
        }  # fmt: skip

    def serve(self) -> None:
        """Answers requests until the socket is closed."""
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                if self.socket.fileno() < 0:
                    return
                time.sleep(READY_PAUSE)
                continue
            with peer:
                try:
                    self._answer(peer)
                except Exception:
                    # Whoever asked has gone, or talks nonsense.
                    pass

    def _answer(self, peer: socket.socket) -> None:
        peer.sendall(json.dumps(self._answered(_request(peer))).encode() + b"\n")

    def _answered(self, request: Any) -> dict[str, Any]:
        """Does what is asked for, or says why not."""
        from . import hooks

        told = request.get("token")
        if type(told) is not str or not hmac.compare_digest(told.encode(), self.token.encode()):
            return _refused("the token is not the one of this server")
        address, token = request.get("address"), request.get("probe_token")
        if request.get("type") != "attach" or type(address) is not str or type(token) is not str:
            return _refused("no request that this probe knows")
        host = address.rpartition(":")[0].strip("[]")
        if not ipaddress.ip_address(host).is_loopback:
            return _refused(f"{host} is not a loopback address")
        holder = self.held_by
        if not hooks.attach(address, token, self.wait_for, self._let_go):
            who = "another djscope" if holder is None else f"another djscope, process {holder},"
            return _refused(f"{who} is attached to this server", holder)
        pid = request.get("pid")
        self._hold(pid if type(pid) is int else None)
        return {"type": "attached"}

    def _hold(self, pid: int | None) -> None:
        from . import sender

        with self.writing:
            # It may have gone already, and its end was said before its beginning.
            self.held_by = pid if sender.alive() else None
            self._write_again()

    def _let_go(self) -> None:
        """The djscope that was attached has gone."""
        with self.writing:
            self.held_by = None
            self._write_again()

    def _write_again(self) -> None:
        try:
            if not self.is_withdrawn:
                self.write()
        except OSError:
            # What the file said before is still enough to attach.
            pass

    def withdraw(self) -> None:
        """Takes both away, for good."""
        with self.writing:
            self.is_withdrawn = True
        _remove(self.file)
        _remove(self.socket_path)
        self.socket.close()


_offer: Offer | None = None
_wait_for: _WaitFor | None = None


def begin(wait_for: _WaitFor) -> None:
    """Is called once djust was imported; offers this process if and when it is one to offer. Never raises."""
    global _wait_for
    try:
        if _wait_for is not None or reloader.only_watches_files() or not hasattr(socket, "AF_UNIX"):
            return
        _wait_for = wait_for
        atexit.register(_withdraw)
        os.register_at_fork(after_in_child=_begin_again)
        _start()
    except Exception:
        return


def _start() -> None:
    threading.Thread(target=_run, name="djscope-offer", daemon=True).start()


def _run() -> None:
    global _offer
    try:
        if not _is_wanted() or _wait_for is None:
            return
        for folder in places():
            if make_private(folder):
                remove_leftovers(folder)
                offer = Offer(folder, _wait_for)
                offer.publish()
                _offer = offer
                offer.serve()
                return
    except Exception:
        # A server that cannot offer itself runs on without a word.
        return


def _is_wanted() -> bool:
    """Waits until Django is set up, imports nothing, and looks at its settings."""
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        apps = getattr(sys.modules.get("django.apps"), "apps", None)
        if getattr(apps, "ready", False):
            if os.environ.get("DJSCOPE_PROBE") == "1":
                return True
            settings = getattr(sys.modules.get("django.conf"), "settings", None)
            return getattr(settings, "DEBUG", False) is True
        time.sleep(READY_PAUSE)
    return False


def _withdraw() -> None:
    if _offer is not None:
        _offer.withdraw()


def _begin_again() -> None:
    """A forked child has no thread, and offers itself under its own number."""
    global _offer
    from . import hooks

    hooks.start_over()
    if _offer is not None:
        # The files are those of the parent.
        _offer.socket.close()
        _offer = None
    try:
        _start()
    except Exception:
        return


def places() -> Iterator[str]:
    """Folders for offers, best first."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and os.path.isabs(runtime):
        yield os.path.join(runtime, "djscope", "servers")
    yield os.path.join(tempfile.gettempdir(), f"djscope-{os.geteuid()}", "servers")


def make_private(folder: str) -> bool:
    """Makes a folder and the one that it is in, if need be; true if both belong to this user alone."""
    if len(os.fsencode(folder)) + len("/4194304.sock") > LONGEST_SOCKET_PATH:
        return False
    try:
        for each in (os.path.dirname(folder), folder):
            try:
                os.mkdir(each, 0o700)
                os.chmod(each, 0o700)
            except FileExistsError:
                pass
            found = os.lstat(each)
            is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
            if not is_own or found.st_mode & 0o077:
                return False
        return True
    except OSError:
        return False


def remove_leftovers(folder: str) -> None:
    """Removes what processes left that were killed."""
    for name in os.listdir(folder):
        number = name.partition(".")[0]
        if number.isascii() and number.isdigit() and not _is_alive(int(number)):
            _remove(os.path.join(folder, name))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass
    return True


def started() -> int | None:
    """When this process was started, in clock ticks since the system was: proc(5), `starttime`."""
    try:
        with open("/proc/self/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def _refused(reason: str, held_by: int | None = None) -> dict[str, Any]:
    return {"type": "refused", "reason": reason, "held_by": held_by}


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def _request(peer: socket.socket) -> Any:
    """One line, whole within its time."""
    until = time.monotonic() + REQUEST_WITHIN
    line = b""
    while b"\n" not in line and len(line) <= LONGEST_REQUEST:
        peer.settimeout(max(0.001, until - time.monotonic()))
        part = peer.recv(LONGEST_REQUEST)
        if not part or time.monotonic() > until:
            raise ConnectionError("no whole request")
        line += part
    return json.loads(line.partition(b"\n")[0])
