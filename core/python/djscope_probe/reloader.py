"""Django's autoreloader: which of its processes serves."""

from __future__ import annotations

import os
import sys


def only_watches_files() -> bool:
    """Whether this is the outer process, which loads the project but serves nothing."""
    return (
        "runserver" in sys.argv
        and "--noreload" not in sys.argv
        and os.environ.get("RUN_MAIN") != "true"
    )
