"""Random numbers that repeat: every turn draws from a seed of its own."""

from __future__ import annotations

import os
import random
import uuid
from typing import Any

from . import clock

_real_urandom = os.urandom
_source = random.Random(0)
_draws = 0


def install() -> None:
    """Puts repeatable numbers in the place of the system's."""
    clock.exchange({id(_real_urandom): (_real_urandom, _urandom)}, but=__name__)
    original = random.Random.seed

    def seed(self: Any, a: Any = None, version: int = 2) -> None:
        # Without a seed it would ask the system, in C.
        own = int.from_bytes(_urandom(16), "big") if a is None else a
        original(self, own, version)

    random.Random.seed = seed  # type: ignore[method-assign]
    # With it `uuid1` asks the system's clock, in C.
    vars(uuid)["_generate_time_safe"] = None


def begin(seed: int) -> None:
    """Draws from this seed; for the beginning of a turn."""
    global _draws
    _source.seed(seed)
    random.seed(seed + 1)
    _draws = 0


def draws() -> int:
    """How often the system was asked for random bytes since the beginning of the turn."""
    return _draws


def _urandom(size: int) -> bytes:
    global _draws
    _draws += 1
    return _source.randbytes(size)
