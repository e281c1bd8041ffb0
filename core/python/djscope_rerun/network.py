"""A network of its own for a run, where the system allows it: one without any other machine in it."""

from __future__ import annotations

import os
from typing import Any

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000


def leave(run: dict[str, Any]) -> bool:
    """Goes there, unless the run is allowed to use the network or needs it for its database."""
    if run.get("keeps_network") or not os.path.exists("/proc/self/ns/net"):
        return False
    user, group = os.getuid(), os.getgid()
    if user == 0:
        return _unshare(_NEW_NET)
    if not _unshare(_NEW_USER | _NEW_NET):
        return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        try:
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
        except OSError:
            continue
    return True


def _unshare(what: int) -> bool:
    if hasattr(os, "unshare"):
        try:
            os.unshare(what)
            return True
        except OSError:
            return False
    try:
        import ctypes

        return ctypes.CDLL(None).unshare(what) == 0
    except Exception:
        return False
