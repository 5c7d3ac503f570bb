"""SHA-256 of files, remembered while a large file stays the same: gem5 has hundreds of MB."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from harness.base.errors import HarnessError
from harness.run.cache import cache_directory, file_sha256

REMEMBERED_FROM_BYTES = 4 << 20
"""Smaller files are read faster than remembered."""
LARGEST_HASHED_BYTES = 4 << 30
"""Larger files, disk images as a rule, are known by size and time of change."""


def describe_file(path: Path) -> dict[str, object]:
    """Return what is frozen of a file: path, size, and SHA-256 or why there is none."""
    found = path.stat()
    described: dict[str, object] = {"path": str(path), "size_bytes": found.st_size}
    if found.st_size > LARGEST_HASHED_BYTES:
        described["not_hashed"] = f"larger than {LARGEST_HASHED_BYTES >> 30} GiB"
        described["mtime_ns"] = found.st_mtime_ns
    else:
        described["sha256"] = remembered_sha256(path, found)
    return described


def remembered_sha256(path: Path, found: os.stat_result) -> str:
    """Return a file's SHA-256; of a large one that stayed the same it is not read again."""
    if found.st_size < REMEMBERED_FROM_BYTES:
        return file_sha256(path)
    real = str(path.resolve())
    identity = [real, found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev]
    name = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:32]
    try:
        remembered = cache_directory("hashes") / name
    except HarnessError:  # a cache that cannot be written costs time only
        return file_sha256(path)
    with suppress(OSError):
        text = remembered.read_text()
        if len(text) == hashlib.sha256().digest_size * 2:
            return text
    digest = file_sha256(path)
    temporary = remembered.with_name(f".{name}.{os.getpid()}")
    with suppress(OSError):
        temporary.write_text(digest)
        temporary.replace(remembered)
    return digest


def regular_file(word: str, cwd: str) -> Path | None:
    """Return the file that a word of a command names, if it names one."""
    if not word or "\n" in word:
        return None
    path = Path(cwd, word)
    with suppress(OSError, ValueError):
        if path.is_file():
            return path
    return None
