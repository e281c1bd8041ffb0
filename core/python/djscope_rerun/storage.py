"""The project's stored files with a folder above them, into which everything is written."""

from __future__ import annotations

import os
from typing import Any

from django.core.files.storage import FileSystemStorage

from .guard import guard


class LayeredStorage(FileSystemStorage):
    """Reads what was stored in this run, else what the project has; writes to a folder of its own."""

    def __init__(self, *args: Any, above: str, **kwargs: Any) -> None:
        self.below = FileSystemStorage(*args, **kwargs)
        super().__init__(location=above, base_url=kwargs.get("base_url"))

    def path(self, name: str) -> str:
        """Where a file is read or written."""
        above: str = super().path(name)
        below: str = self.below.path(name)
        return below if os.path.exists(below) and not os.path.exists(above) else above

    def _save(self, name: str, content: Any) -> str:
        guard.note("files", "store", name)
        saved: str = super()._save(name, content)
        return saved

    def delete(self, name: str) -> None:
        """Removes what was stored in this run; the project's files stay."""
        if self.path(name).startswith(self.location + os.sep):
            super().delete(name)
        else:
            guard.note("files", "remove", name)
