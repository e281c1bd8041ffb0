"""Turns as the JSON text of the protocol; runs in the sender's thread only."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from . import PROTOCOL, bounds, process, trouble, values
from .capture import Encoded, Packed, State, is_frameworks
from .turns import Turn
from .views import ViewRecord

_dump = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=lambda o: None).encode


# Threads by the order in which they were first seen: their own numbers say nothing.
_threads: dict[int, int] = {}


def line(message: dict[str, Any]) -> str:
    """One message as one line; text that is not valid Unicode is escaped."""
    text = _dump(message)
    return text if text.isascii() else _well_formed(text)


def _well_formed(text: str) -> str:
    try:
        text.encode("utf-8")
        return text
    except UnicodeEncodeError:
        return "".join(c if not 0xD800 <= ord(c) < 0xE000 else f"\\u{ord(c):04x}" for c in text)


def hello(token: str) -> dict[str, Any]:
    """The first message of a process."""
    versions = {name: process.version(name) for name in ("django", "djust")}
    return {
        "type": "hello", "protocol": PROTOCOL, "token": token, "time_us": time.time_ns() // 1000,
        "pid": os.getpid(), "python": sys.version.split()[0], **versions,
        "executable": sys.executable, "argv": list(sys.argv),
        "settings": os.environ.get("DJANGO_SETTINGS_MODULE"), "missing": trouble.known(),
    }  # fmt: skip


def turn(told: Turn) -> str:
    """A turn as one line of JSON."""
    record = told.record
    cls = told.view_class
    before = _snapshot(record, told.before)
    after = _snapshot(record, told.after)
    handed = _snapshot(record, told.handed, is_handed=True)
    head = {
        "type": "turn", "seq": told.seq, "transport": told.transport,
        "session_id": told.session_id, "client": told.client,
        "view": record.id if record else None, "parent": told.parent,
        "class": f"{cls.__module__}.{cls.__qualname__}" if cls else told.class_name,
        "kind": told.kind, "event": told.event, "params": _value(told.params), "ref": told.ref,
        "method": told.method, "path": told.path,
        "start_us": told.started_ns // 1000, "duration_us": told.duration,
    }  # fmt: skip
    rest = {
        "context": _names(told.context), "rendered": _names(told.rendered),
        "djust": told.decision(), "changed_keys": told.changed_keys, "work": told.work,
        "spans": [_span(span) for span in told.spans],
        "logs": told.logs, "exception": told.exception, "full_html": told.full_html,
        "sent": told.sent, "html": _keyframe(told),
        "missing": [*told.missing, *trouble.news()],
    }  # fmt: skip
    text = f'{_dump(head)[:-1]},"before":{before},"after":{after},"handed":{handed},{_dump(rest)[1:]}'
    return text if text.isascii() else _well_formed(text)


def _names(names: list[str] | None) -> list[str] | None:
    return None if names is None else [name for name in names if not is_frameworks(name)]


def _span(span: list[Any]) -> dict[str, Any]:
    number, parent, kind, name, start, length, detail, thread = span
    if thread is not None:
        detail = {**(detail or {}), "thread": _threads.setdefault(thread, len(_threads) + 1)}
    return {
        "id": number, "parent": parent, "kind": kind, "name": name, "start_us": start,
        "duration_us": length, "detail": detail or {},
    }  # fmt: skip


def _keyframe(told: Turn) -> str | None:
    if told.html is None:
        return None
    view, html = told.html
    try:
        inner: str = view._extract_liveview_content(view._strip_comments_and_whitespace(html))
        return inner
    except Exception as error:
        trouble.failed("keyframe", error)
        return None


def _value(captured: Any) -> Any:
    if type(captured) is Packed:
        return captured.encoded()
    if type(captured) is Encoded:
        return captured.tree
    return values.Encoder(yields=True).encode(captured)


def json_of(captured: Any) -> str:
    """A captured value as JSON, kept with it."""
    kind = type(captured)
    if kind is Packed or kind is Encoded:
        if captured.json is None:
            captured.json = _dump(_value(captured))
        text: str = captured.json
        return text
    return _dump(_value(captured))


def _same(before: Any, now: Any) -> bool:
    if before is now:
        return True
    kind = type(now)
    if type(before) is not kind:
        return False
    if kind is Packed:
        return bool(before.equals(now))
    return kind is not Encoded and kind is not float and bool(before == now)


def _cut(captured: Any, text: str) -> str:
    """What stands for a value that no longer fits into its snapshot."""
    kind = captured.kind if type(captured) is Packed else "value"
    # A digest of a part says nothing of the whole.
    whole = '"$cut"' not in text
    digest = values.digest(text.encode("utf-8", "surrogatepass")) if whole else None
    return _dump(values.cut(kind, len(text), None, digest))


def _snapshot(record: ViewRecord | None, state: State | None, *, is_handed: bool = False) -> str:
    """The difference to what was last sent of the view, as JSON."""
    if state is None or record is None:
        return "null"
    sent = record.handed_sent if is_handed else record.sent
    base = sent is not None
    kept: dict[str, tuple[Any, str, int, bool]] = {}
    groups: dict[str, list[str]] = {"public": [], "private": []}
    left = bounds.MAX_STATE
    for group, names in (("public", state.public), ("private", state.private)):
        for name, captured in names.items():
            known = sent.get(name) if sent else None
            if known is not None and _same(known[0], captured):
                _, text, size, is_cut = known
            else:
                text = json_of(captured)
                size, is_cut = len(text), False
            if size > left and not is_cut:
                text, is_cut = _cut(captured, text), True
            elif size <= left:
                text, is_cut = json_of(captured) if is_cut else text, False
                left -= size
            kept[name] = captured, text, size, is_cut
            if known is None or known[1] != text:
                groups[group].append(f"{_dump(name)}:{text}")
    gone = [name for name in sent if name not in kept] if sent else []
    if is_handed:
        record.handed_sent = kept
    else:
        record.sent = kept
    return (
        f'{{"base":{"true" if base else "false"},"public":{{{",".join(groups["public"])}}},'
        f'"private":{{{",".join(groups["private"])}}},"unset":{_dump(gone)}}}'
    )
