"""Where in the user's code something was caused."""

from __future__ import annotations

import os
import sys
import sysconfig
from types import FrameType

_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep
_LIBRARY = tuple(
    os.path.abspath(path) + os.sep
    for path in {sysconfig.get_paths()["stdlib"], sysconfig.get_paths()["platstdlib"]}
)
_FRAMEWORKS = tuple(
    f"{os.sep}{name}{os.sep}"
    for name in ("django", "djust", "channels", "asgiref", "daphne", "uvicorn", "twisted")
)
USER, THIRD_PARTY, FRAMEWORK = 2, 1, 0
_known: dict[str, int] = {}


def rank(filename: str) -> int:
    """Whether a file is the user's, another package's, or machinery below the user's code."""
    found = _known.get(filename)
    if found is None:
        path = os.path.abspath(filename)
        installed = f"{os.sep}site-packages{os.sep}" in path or "dist-packages" in path
        if filename.startswith("<") or path.startswith(_OURS):
            found = FRAMEWORK
        elif installed:
            tail = path.rsplit("-packages", 1)[1]
            found = FRAMEWORK if tail.startswith(_FRAMEWORKS) else THIRD_PARTY
        else:
            found = FRAMEWORK if path.startswith(_LIBRARY) else USER
        _known[filename] = found
    return found


def is_ours(filename: str) -> bool:
    """Whether a file belongs to the probe."""
    return filename.startswith(_OURS)


def direct_caller(depth: int = 1) -> tuple[str, int] | None:
    """File and line of the caller, if the user's code calls by itself and not through machinery.

    Only the standard library may stand between.
    """
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None:
        file = frame.f_code.co_filename
        if rank(file) == USER:
            return file, frame.f_lineno
        if not (is_ours(file) or os.path.abspath(file).startswith(_LIBRARY)):
            return None
        frame = frame.f_back
    return None


def calling_place(depth: int = 1) -> tuple[str, int, str] | None:
    """File, line and function of the nearest frame of the user's code.

    With no such frame, the nearest one of a package that is not Django or djust.
    """
    frame: FrameType | None = sys._getframe(depth)
    second = None
    while frame is not None:
        code = frame.f_code
        found = rank(code.co_filename)
        if found == USER:
            return code.co_filename, frame.f_lineno, code.co_name
        if found == THIRD_PARTY and second is None:
            second = code.co_filename, frame.f_lineno, code.co_name
        frame = frame.f_back
    return second
