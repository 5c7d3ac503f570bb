"""The user's cache: things that take long to make and whose name is the hash of what they are."""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import BackendError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.run.prepared import Progress

_CHUNK_BYTES = 1 << 20


def cache_directory(name: str) -> Path:
    """Return, and make, a folder of the user's cache.

    Raises:
        BackendError: It cannot be made.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if os.path.isabs(base) else Path.home() / ".cache"  # noqa: PTH117
    folder = root / "harness" / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BackendError(
            f"cannot make the cache folder: {error.strerror}",
            where=str(folder),
            way_out="set XDG_CACHE_HOME to a folder that can be written",
        ) from error
    return folder


@contextmanager
def locked(path: Path, progress: Progress | None, waiting: str) -> Iterator[None]:
    """Hold a lock, so that two processes do not make or remove the same thing at once.

    Args:
        path: The lock's file; it stays, the lock ends with the process at the latest.
        progress: Is told if another process holds the lock.
        waiting: What it is told: "waiting for another process that builds the guest".
    """
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if progress is not None:
                progress.stage(waiting)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file of any size."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def files_sha256(files: Iterable[Path], root: Path) -> str:
    """Return one hash of the names, below `root`, and the contents of files, in sorted order."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(root)}\0{file_sha256(path)}\n".encode())
    return digest.hexdigest()
