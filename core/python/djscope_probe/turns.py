"""The turn that runs now, in this task or thread, and what is gathered for it."""

from __future__ import annotations

import itertools
from contextvars import ContextVar
from threading import get_ident
from time import perf_counter_ns, time_ns
from typing import Any

from . import bounds, failures, sender, sessions, trouble
from .capture import State, pack
from .views import ViewRecord, record_of

current: ContextVar[Turn | None] = ContextVar("djscope_turn", default=None)
open_span: ContextVar[int | None] = ContextVar("djscope_span", default=None)
received: ContextVar[int | None] = ContextVar("djscope_received", default=None)

_sequence = itertools.count(1)

# Turns that were begun and are not finished.
unfinished: set[Turn] = set()


class Turn:
    """One cause and what followed; filled by the patches, told by the sender."""

    __slots__ = (
        "after", "before", "called", "changed", "changed_keys", "class_name", "client", "closed",
        "compared", "context",
        "duration", "event", "exception", "force", "full_html", "handed", "html", "kind", "logs",
        "method",
        "missing", "mounting", "outer", "params", "parent", "path", "record", "ref",
        "rendered", "sent", "seq", "session", "session_id", "skip", "spans", "started", "started_ns",
        "token",
        "transport", "view_class", "work", "worked",
    )  # fmt: skip

    def __init__(self, kind: str, transport: str, started: int) -> None:
        self.kind = kind
        self.transport = transport
        self.started = started
        self.started_ns = time_ns() - (perf_counter_ns() - started)
        self.duration = 0
        self.seq = 0
        self.event: str | None = None
        self.params: Any = None
        self.ref: Any = None
        self.session_id: str | None = None
        self.client: Any = None
        self.method: str | None = None
        self.path: str | None = None
        self.record: ViewRecord | None = None
        self.view_class: type | None = None
        self.class_name: str | None = None
        # The id of the view that embeds this one.
        self.parent: str | None = None
        self.before: State | None = None
        self.after: State | None = None
        self.context: list[str] | None = None
        self.rendered: list[str] | None = None
        # What djust saw as changed and decided: how often it looked, what differed, skip and force.
        self.compared = 0
        self.changed: list[str] | None = None
        self.skip: bool | None = None
        self.force = False
        # What the renderer holds, and the names that it was given as changed.
        self.handed: State | None = None
        self.changed_keys: list[str] | None = None
        # The session, as it was when it was first seen in the turn.
        self.session: tuple[Any, bool, dict[Any, Any] | None] | None = None
        # Everything else that was done: session, mount, pushes, tasks, threads.
        self.work: dict[str, Any] = {}
        self.spans: list[list[Any]] = []
        self.logs: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.exception: dict[str, Any] | None = None
        self.full_html: dict[str, Any] | None = None
        self.html: tuple[Any, str] | None = None
        self.missing: list[str] = []
        self.closed = False
        # False until it is sure that something was done: a tick that gave way is no turn.
        self.worked = True
        # Names of the methods that a push calls.
        self.called: frozenset[str] = frozenset()
        # The span of a handler that the page's own code calls between two of our hooks.
        self.mounting: list[Any] | None = None
        self.token: Any = None
        self.outer: Any = None

    def now(self) -> int:
        """Microseconds since the start of the turn."""
        return (perf_counter_ns() - self.started) // 1000

    def starts(self, kind: str, name: str, detail: dict[str, Any] | None = None) -> list[Any]:
        """Opens a span under the one that is open in this task or thread."""
        spans = self.spans
        span = [len(spans), open_span.get(), kind, name, self.now(), 0, detail, get_ident()]
        if len(spans) < bounds.MAX_SPANS:
            spans.append(span)
        elif not self.closed:
            self.note(f"spans: only the first {bounds.MAX_SPANS} are told")
        return span

    def ends(self, span: list[Any]) -> None:
        """Closes a span."""
        span[5] = self.now() - span[4]

    @trouble.guarded
    def waited(self) -> None:
        """The work begins: what came before, since the frame arrived, was waiting."""
        if not any(span[2] == "queue" for span in self.spans):
            self.spans.append([len(self.spans), None, "queue", "", 0, self.now(), None, None])

    @trouble.guarded
    def note(self, sentence: str) -> None:
        """Something of this turn could not be seen."""
        if sentence not in self.missing:
            self.missing.append(sentence)

    @trouble.guarded
    def sees(self, view: Any) -> None:
        """Names the view of the turn."""
        if view is not None:
            self.record = record_of(view)
            self.view_class = type(view)
            embedding = view.__dict__.get("_parent_view")
            self.parent = None if embedding is None else record_of(embedding).id
            if self.session is None:
                self.session = sessions.seen(view)

    def decision(self) -> dict[str, Any] | None:
        """What djust decided; None if it decided nothing."""
        changed = self.changed
        if changed is None and self.compared > 1:
            # It looked twice and had nothing to list.
            changed = []
        if changed is None and self.skip is None:
            return None
        return {"changed": changed, "skip": bool(self.skip), "force": self.force}

    def does(self, deed: str, told: dict[str, Any]) -> None:
        """Adds to what the turn did, up to a bound."""
        done = self.work.setdefault(deed, [])
        if len(done) < bounds.MAX_DEEDS:
            done.append(told)
        else:
            self.note(f"{deed}: only the first {bounds.MAX_DEEDS} are told")

    @trouble.guarded
    def takes_before(self, view: Any) -> None:
        """Copies the state before the work, once."""
        if self.before is None and view is not None:
            self.sees(view)
            self.before = self.record.state(view) if self.record else None

    @trouble.guarded
    def takes_after(self, view: Any) -> None:
        """Copies the state after the work and before it is rendered, once."""
        if self.after is None and view is not None:
            self.sees(view)
            if self.record is not None:
                self.after = self.record.state(view)

    @trouble.guarded
    def raised(self, error: BaseException) -> None:
        """Keeps the first exception of the turn."""
        if self.exception is None:
            failures.leave_unseen(error)
            self.exception = failures.described(error)


def start_over() -> None:
    """Lets go of turns that were begun for a djscope that has gone, or in the process that has forked."""
    for turn in list(unfinished):
        turn.closed = True
    unfinished.clear()


def begin(kind: str, transport: str = "ws", *, joins: bool = False) -> Turn | None:
    """Opens a turn; with `joins`, None if one is open already. Never raises."""
    if not sender.alive():
        return None
    try:
        outer = current.get()
        if joins and outer is not None and not outer.closed:
            return None
        arrived = received.get() if joins else None
        turn = Turn(kind, transport, perf_counter_ns() if arrived is None else arrived)
        turn.token = current.set(turn)
        turn.outer = open_span.set(None)
        unfinished.add(turn)
        return turn
    except Exception as error:
        trouble.failed("turn", error)
        return None


def finish(turn: Turn | None, view: Any = None) -> None:
    """Closes a turn and hands it to the sender. Never raises."""
    if turn is None:
        return
    try:
        if turn.closed:
            # Whom it was for has gone.
            turn.worked, turn.sent = False, []
            view = None
        if turn.mounting is not None:
            turn.ends(turn.mounting)
        turn.takes_after(view)
        sessions.ended(turn)
        turn.duration = turn.now()
        turn.closed = True
        if turn.worked or turn.sent:
            turn.seq = next(_sequence)
            weight = sum(s.weight for s in (turn.before, turn.after, turn.handed) if s)
            sender.put(turn, weight)
        open_span.reset(turn.outer)
        current.reset(turn.token)
    except Exception as error:
        trouble.failed("turn", error)
    finally:
        unfinished.discard(turn)


def running() -> Turn | None:
    """The turn that is open here, if any."""
    turn = current.get()
    return None if turn is None or turn.closed else turn


def told_params(params: Any) -> Any:
    """A copy of a turn's parameters."""
    try:
        return pack(params)
    except Exception as error:
        trouble.failed("params", error)
        return None
