# SPDX-License-Identifier: BSD-3-Clause
"""What a guest prints on its serial port."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PANIC = b"Kernel panic"


class Terminal:
    """Reads along in the file that gem5 writes.

    A kernel that has panicked loops for ever, and gem5 does not notice on x86.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read_bytes = 0
        self._tail = b""

    def has_panicked(self) -> bool:
        """Look at what was printed since the last look."""
        try:
            with self.path.open("rb") as text:
                text.seek(self._read_bytes)
                new = text.read()
        except OSError:
            return False
        self._read_bytes += len(new)
        text_now = self._tail + new
        self._tail = text_now[-len(_PANIC) :]
        return _PANIC in text_now
