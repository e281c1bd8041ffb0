"""A small djscope: listens, welcomes, keeps what it is told."""

import json
import socket
import threading
import time


class Receiver:
    """Listens on a free loopback port."""

    def __init__(self, answer=b'{"type":"welcome","protocol":1}\n'):
        self.answer = answer
        self.messages = []
        self.lines = []
        self.peers = []
        self.closed = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._read, args=(peer,), daemon=True).start()

    def _read(self, peer):
        with peer, peer.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                self.lines.append(line)
                self.messages.append(message)
                if message["type"] == "hello":
                    self.peers.append(peer)
                    peer.sendall(self.answer)
        self.closed += 1

    def close(self):
        self._socket.close()

    def of(self, kind_of_message, /, **fields):
        """The messages of a type with these fields."""
        return [
            message
            for message in list(self.messages)
            if message["type"] == kind_of_message
            and all(message.get(k) == v for k, v in fields.items())
        ]

    def wait(self, kind_of_message, /, count=1, within=10.0, **fields):
        """The messages of a type with these fields, once there are so many."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            found = self.of(kind_of_message, **fields)
            if len(found) >= count:
                return found
            time.sleep(0.02)
        seen = [(m["type"], m.get("kind"), m.get("event")) for m in self.messages]
        raise AssertionError(f"no {count} of {kind_of_message} {fields}; got {seen}")

    def state(self, view, seq, which="after"):
        """The whole state of a view at a turn, from the differences."""
        state = {"public": {}, "private": {}}
        for turn in self.of("turn", view=view):
            for name in ("before", "after"):
                snapshot = turn[name]
                if snapshot is None:
                    continue
                if not snapshot["base"]:
                    state = {"public": {}, "private": {}}
                for group in ("public", "private"):
                    state[group].update(snapshot[group])
                    for gone in snapshot["unset"]:
                        state[group].pop(gone, None)
                if turn["seq"] == seq and name == which:
                    return json.loads(json.dumps(state))
        raise AssertionError(f"no turn {seq} of {view}")
