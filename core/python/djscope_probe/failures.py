"""Exceptions of the application, described; and our own frames taken out of them."""

from __future__ import annotations

import linecache
import traceback
from types import TracebackType
from typing import Any

from . import places
from .values import type_name


def leave_unseen(error: BaseException) -> None:
    """Takes the probe's frames out of a traceback.

    djust shows tracebacks in the browser; with the probe they must read as without.
    Called in an `except` block, it removes the frame of that block too.
    """
    head = error.__traceback__
    while head is not None and places.is_ours(head.tb_frame.f_code.co_filename):
        head = head.tb_next
    error.__traceback__ = head
    at: TracebackType | None = head
    while at is not None:
        following = at.tb_next
        while following is not None and places.is_ours(following.tb_frame.f_code.co_filename):
            following = following.tb_next
        if following is not at.tb_next:
            at.tb_next = following
        at = following


def described(error: BaseException) -> dict[str, Any]:
    """Type, message, traceback and frames of an exception."""
    try:
        message = str(error)
    except Exception:
        message = "<unreadable>"
    try:
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    except Exception:
        text = f"{type(error).__qualname__}: {message}"
    frames = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        frames.append({
            "file": code.co_filename,
            "line": line,
            "function": code.co_name,
            "source": linecache.getline(code.co_filename, line, frame.f_globals).strip(),
        })  # fmt: skip
    name = type_name(error)
    return {
        "type": name if "." in name else f"builtins.{name}",
        "message": message[:10_000],
        "traceback": text[:200_000],
        "frames": frames[-200:],
    }
