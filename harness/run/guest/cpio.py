"""Writes an initramfs: a cpio archive in the form `newc`, the same bytes for the same contents.

No root is needed, not even for the device node: an archive only describes it.

Source: Linux Documentation/driver-api/early-userspace/buffer-format.rst.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.errors import InternalError

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAGIC = b"070701"
_TRAILER = "TRAILER!!!"
_ALIGNMENT_BYTES = 4
_FIELD_LIMIT = 1 << 32


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, directory or character device of the archive; all belong to root, at time 0.

    Attributes:
        name: Path without a leading slash; its directory comes before it.
        mode: Type and permissions, as in `st_mode`.
        device: Major and minor number of a device.
    """

    name: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def regular_file(name: str, data: bytes, permissions: int) -> Entry:
    """Return a file."""
    return Entry(name, stat.S_IFREG | permissions, data)


def directory(name: str) -> Entry:
    """Return a directory that everybody may read."""
    return Entry(name, stat.S_IFDIR | 0o755)


def character_device(name: str, major: int, minor: int) -> Entry:
    """Return a character device that only root may use."""
    return Entry(name, stat.S_IFCHR | 0o600, device=(major, minor))


def cpio_archive(entries: Sequence[Entry]) -> bytes:
    """Return an archive of entries, in their order."""
    numbered = [_record(number, entry) for number, entry in enumerate(entries, start=1)]
    return b"".join([*numbered, _record(0, Entry(_TRAILER, 0))])


def _record(inode: int, entry: Entry) -> bytes:
    name = entry.name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    size_bytes = len(entry.data)
    fields = (inode, entry.mode, 0, 0, links, 0, size_bytes, 0, 0, *entry.device, len(name), 0)
    if size_bytes >= _FIELD_LIMIT:
        raise InternalError(f"{entry.name} is too large for a cpio archive: {size_bytes} B")
    header = _MAGIC + b"".join(b"%08X" % field for field in fields)
    return _padded(header + name) + _padded(entry.data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT_BYTES)
