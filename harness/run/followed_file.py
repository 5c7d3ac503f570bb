"""Files that another process still writes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST_READ_BYTES = 1 << 20


class FollowedFile:
    """Reads the lines that are added to a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""

    def lines(self) -> list[str]:
        """Return the lines completed since the last call."""
        *lines, self._rest = (self._rest + self.added()).split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def rest(self) -> str:
        """Return what stands after the last complete line."""
        return self._rest.decode(errors="replace")

    def added(self) -> bytes:
        """Return the bytes added since the last call; at most so many at once."""
        try:
            with self._path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self._offset:  # it was begun again
                    self._offset, self._rest = 0, b""
                file.seek(self._offset)
                data = file.read(_LARGEST_READ_BYTES)
        except OSError:
            return b""
        self._offset += len(data)
        return data
