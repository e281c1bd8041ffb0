"""The probe's own failures stay its own."""

import socket
import time

import pytest

from djscope_probe import sender, trouble, turns, views


class Sink:
    """Takes turns in the place of a connection."""

    dead = False

    def __init__(self):
        self.told = []

    def put(self, message, weight):
        self.told.append(message)

    def close(self):
        pass


@pytest.fixture
def sink(monkeypatch):
    made = Sink()
    monkeypatch.setattr(sender, "_sender", made)
    monkeypatch.setattr(trouble, "_unsaid", [])
    monkeypatch.setattr(trouble, "_failures", {})
    return made


class Unreadable:
    """A view whose attributes cannot be read."""

    __slots__ = ()


def test_a_view_that_cannot_be_read(sink):
    turn = turns.begin("event")
    turn.takes_before(Unreadable())
    turn.takes_after(Unreadable())
    turns.finish(turn)
    assert sink.told == [turn] and turn.before is None and turn.after is None
    assert len(trouble.news()) == 2


def test_failures_are_counted(sink):
    for _ in range(5):
        trouble.failed("render", ValueError("x"))
    assert trouble.news() == [
        "render: the probe failed with ValueError",
        "render: the probe failed with ValueError (2 times)",
        "render: the probe failed with ValueError (4 times)",
    ]
    assert trouble.news() == []


@pytest.mark.parametrize("broken", ["state", "record_of"])
def test_an_internal_failure(sink, monkeypatch, broken):
    def fail(*args):
        raise RuntimeError("broken")

    if broken == "state":
        monkeypatch.setattr(views, "state_of", fail)
    else:
        monkeypatch.setattr(turns, "record_of", fail)

    class View:
        pass

    turn = turns.begin("event")
    turn.takes_before(View())
    turns.finish(turn, View())
    assert sink.told == [turn] and turn.before is None
    assert any("RuntimeError" in sentence for sentence in trouble.news())


def test_no_turn_without_a_connection(monkeypatch):
    monkeypatch.setattr(sender, "_sender", None)
    assert turns.begin("event") is None
    turns.finish(None)


def test_nested_turns_keep_apart(sink):
    outer = turns.begin("event")
    assert turns.begin("mount", joins=True) is None
    inner = turns.begin("async")
    assert turns.running() is inner
    turns.finish(inner)
    assert turns.running() is outer
    turns.finish(outer)
    assert turns.running() is None and sink.told == [inner, outer]
    assert inner.seq + 1 == outer.seq


def test_a_tick_that_gave_way_is_no_turn(sink):
    turn = turns.begin("tick")
    turn.worked = False
    turns.finish(turn)
    assert sink.told == []


def test_a_peer_that_goes_away():
    server = socket.create_server(("127.0.0.1", 0))
    made = sender.Sender("127.0.0.1:%d" % server.getsockname()[1], "t")
    made.thread.start()
    made.put({"type": "log"}, 0)
    peer, _ = server.accept()
    peer.recv(4096)
    peer.sendall(b'{"type":"welcome","protocol":1}\n')
    time.sleep(0.1)
    peer.close()
    until = time.monotonic() + 5
    while not made.dead and time.monotonic() < until:
        made.put({"type": "log", "text": "x" * 10_000}, 0)
        time.sleep(0.05)
    # The thread that listens notices it first; the one that sends then empties the queue.
    made.thread.join(5)
    assert made.dead and not made.thread.is_alive() and made.queue.empty()
    server.close()
