"""How much of a value is told, each bound with its environment variable."""

from __future__ import annotations

import os


def _number(name: str, default: int) -> int:
    try:
        return max(1, int(os.environ[name]))
    except (KeyError, ValueError):
        return default


MAX_ITEMS = _number("DJSCOPE_PROBE_MAX_ITEMS", 10_000)
MAX_TEXT = _number("DJSCOPE_PROBE_MAX_TEXT", 256 * 1024)
# Bytes of a database that is copied at the start.
MAX_DATABASE = _number("DJSCOPE_PROBE_MAX_DATABASE", 256 * 1024 * 1024)
# djust itself looks 32 levels deep.
MAX_DEPTH = _number("DJSCOPE_PROBE_MAX_DEPTH", 34)
MAX_STATE = _number("DJSCOPE_PROBE_MAX_STATE", 4 * 1024 * 1024)

# Nodes of one value that are walked in the application's own thread, which
# happens only for values that hold something other than plain data.
MAX_WALK = _number("DJSCOPE_PROBE_MAX_WALK", 20_000)

# Bytes of a value beyond those that are told, of which a digest says whether they changed.
MAX_DIGEST = _number("DJSCOPE_PROBE_MAX_DIGEST", 512 * 1024)

# What may wait for the sender: messages, and bytes of captured state in them.
MAX_WAITING = _number("DJSCOPE_PROBE_MAX_WAITING", 10_000)
MAX_WAITING_BYTES = _number("DJSCOPE_PROBE_MAX_WAITING_BYTES", 64 * 1024 * 1024)

# What one turn may carry.
MAX_SPANS = _number("DJSCOPE_PROBE_MAX_SPANS", 2_000)
MAX_LOGS = _number("DJSCOPE_PROBE_MAX_LOGS", 500)

# Pushes, tasks and threads of one turn; names of one context; names of one class.
MAX_DEEDS = 200
MAX_HANDED = 5_000
MAX_NAMES = 500

# Modules whose text is sent for one class, and characters of one text.
MAX_MODULES = 50
MAX_SOURCE = 256 * 1024

# One turn in this many that render carries the whole HTML of its view.
KEYFRAME_EVERY = 64
