"""The connection: refused, absent, full, forked."""

import socket
import time

import pytest
from receiver import Receiver

from djscope_probe import bounds, sender, turns


def started(address, token="t"):
    made = sender.Sender(address, token)
    made.thread.start()
    return made


def wait_until(condition, within=5.0):
    until = time.monotonic() + within
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_sends_and_says_goodbye():
    receiver = Receiver()
    made = started(receiver.address, "secret")
    made.put({"type": "log", "message": "a"}, 0)
    receiver.wait("log")
    made.close()
    receiver.wait("bye")
    assert receiver.messages[0]["type"] == "hello" and receiver.messages[0]["token"] == "secret"


def test_what_waits_is_sent_when_djscope_asks_for_it():
    receiver = Receiver()
    made = started(receiver.address)
    receiver.wait("hello")
    for number in range(300):
        made.put({"type": "log", "number": number}, 0)
    receiver.peers[0].sendall(b'{"type":"flush"}\n')
    receiver.wait("flushed")
    kinds = [m["type"] for m in receiver.messages]
    assert kinds == ["hello", *["log"] * 300, "flushed"]
    made.put({"type": "log"}, 0)
    receiver.wait("log", 301)
    made.close()


def test_a_flush_waits_for_a_turn_that_is_about_to_end(monkeypatch):
    receiver = Receiver()
    made = started(receiver.address)
    monkeypatch.setattr(sender, "_sender", made)
    receiver.wait("hello")
    turn = turns.begin("event")
    receiver.peers[0].sendall(b'{"type":"flush"}\n')
    time.sleep(0.1)
    assert not receiver.of("flushed")
    turns.finish(turn)
    receiver.wait("flushed")
    told = [m["type"] for m in receiver.messages if m["type"] != "process"]
    assert told == ["hello", "turn", "flushed"]
    made.close()


def test_a_turn_that_does_not_end_holds_up_no_flush(monkeypatch):
    monkeypatch.setattr(sender, "FLUSH_WITHIN", 0.1)
    receiver = Receiver()
    made = started(receiver.address)
    monkeypatch.setattr(sender, "_sender", made)
    receiver.wait("hello")
    turn = turns.begin("async")
    receiver.peers[0].sendall(b'{"type":"flush"}\n')
    receiver.wait("flushed")
    turns.finish(turn)
    made.close()


def test_goes_quiet_as_soon_as_djscope_is_gone():
    receiver = Receiver()
    made = started(receiver.address)
    receiver.wait("hello")
    receiver.peers[0].shutdown(socket.SHUT_RDWR)
    # Without a message that would find the connection broken.
    wait_until(lambda: made.dead and not made.thread.is_alive())


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = "127.0.0.1:%d" % free.getsockname()[1]
    made = started(address)
    wait_until(lambda: made.dead)
    made.put({"type": "log"}, 0)
    made.close()


@pytest.mark.parametrize("answer", [b'{"type":"refused","reason":"token"}\n', b"nonsense\n"])
def test_refused(answer):
    made = started(Receiver(answer).address)
    made.put({"type": "log"}, 0)
    wait_until(lambda: made.dead)


def test_address_that_is_none(monkeypatch):
    monkeypatch.setattr(sender, "_sender", None)
    monkeypatch.setenv("DJSCOPE_PROBE_ADDRESS", "nowhere")
    sender.start()
    assert not sender.alive()


def test_overflow_is_counted(monkeypatch):
    monkeypatch.setattr(bounds, "MAX_WAITING", 5)
    receiver = Receiver()
    made = sender.Sender(receiver.address, "t")
    for number in range(12):
        made.put({"type": "log", "number": number}, 0)
    assert made.queue.qsize() == 5
    made.thread.start()
    assert receiver.wait("lost")[0]["messages"] == 7
    receiver.wait("log", 5)
    assert [m["type"] for m in receiver.messages][:3] == ["hello", "lost", "log"]
    made.close()


def test_heavy_messages_are_bounded(monkeypatch):
    monkeypatch.setattr(bounds, "MAX_WAITING_BYTES", 100)
    receiver = Receiver()
    made = sender.Sender(receiver.address, "t")
    for _ in range(4):
        made.put({"type": "log"}, 60)
    made.thread.start()
    assert receiver.wait("lost")[0]["messages"] == 2
    wait_until(lambda: made.weight_in == made.weight_out)
    made.put({"type": "log"}, 60)
    receiver.wait("log", 3)
    made.close()


def test_slow_receiver_does_not_hold_up_the_application():
    silent = socket.create_server(("127.0.0.1", 0))
    made = started("127.0.0.1:%d" % silent.getsockname()[1])
    begin = time.perf_counter()
    for number in range(20_000):
        made.put({"type": "log", "number": number}, 0)
    assert time.perf_counter() - begin < 1.0
    assert made.lost >= 20_000 - bounds.MAX_WAITING - 1
    silent.close()
