"""Where in the user's own file something was said."""

from __future__ import annotations

import linecache
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_OWN_PACKAGE = str(Path(__file__).resolve().parents[1])


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """A line of the user's file; `line` 0 means unknown."""

    file: str
    line: int

    def __str__(self) -> str:
        if not self.line:
            return self.file
        text = linecache.getline(self.file, self.line).strip()
        return f"{self.file}:{self.line}" + (f": {text}" if text else "")


UNKNOWN_LOCATION = SourceLocation("", 0)


def caller_location() -> SourceLocation:
    """Return the nearest frame outside the harness package: the user's line."""
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads whole files and is slow
    while frame is not None and frame.f_code.co_filename.startswith(_OWN_PACKAGE):
        if frame.f_back is None:
            break
        frame = frame.f_back
    return SourceLocation(_portable_path(frame), frame.f_lineno)


def _portable_path(frame: FrameType) -> str:
    """Name a frame's file so that the same source gives the same bytes in any folder.

    A module of a package is named from the package's top, any other file from the current folder
    if it lies below it.
    """
    path = Path(frame.f_code.co_filename)
    module = str(frame.f_globals.get("__name__", "")).split(".")
    if len(module) > 1 and path.parts[-len(module) : -1] == tuple(module[:-1]):
        return "/".join(path.parts[-len(module) :])
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
