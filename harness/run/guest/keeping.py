"""What of built guests lies in the cache, and throwing it away."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.errors import BackendError
from harness.run.cache import cache_directory
from harness.run.guest.build import LOG, guest_lock
from harness.run.guest.places import CACHE, META

if TYPE_CHECKING:
    from pathlib import Path

    from harness.run.prepared import Progress


@dataclass(frozen=True, slots=True)
class KeptFolder:
    """A folder of the cache.

    Attributes:
        path: Where it is.
        is_whole: Whether it was built to its end.
        size_bytes: What it takes on the disk.
    """

    path: Path
    is_whole: bool
    size_bytes: int


def kept_folders() -> list[KeptFolder]:
    """Return all that was built, or begun, sorted by name."""
    return [
        KeptFolder(path, (path / META).is_file(), _size_bytes(path))
        for path in sorted(cache_directory(CACHE).iterdir())
        if path.is_dir()
    ]


def _size_bytes(folder: Path) -> int:
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*"))


def build_log() -> Path:
    """Return where the last build wrote what it did."""
    return cache_directory(CACHE) / LOG


def clean(progress: Progress) -> int:
    """Remove everything that was built; return how many bytes that freed.

    Raises:
        BackendError: Something cannot be removed.
    """
    freed_bytes = 0
    with guest_lock(progress):
        for folder in kept_folders():
            progress.stage(f"removing {folder.path}")
            try:
                shutil.rmtree(folder.path)
            except OSError as error:
                raise BackendError(
                    f"cannot remove a built guest: {error.strerror}", where=str(error.filename)
                ) from error
            freed_bytes += folder.size_bytes
    return freed_bytes
