"""Makes the disk from which a guest reads its run: an ext2 image, without root, kept by content.

The same files give the same bytes: identity, times and hash seed of the file system are ours, and
e2fsprogs gets its clock from us. The image is sparse: on the host it takes what its files take.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.errors import BackendError, SpecError
from harness.base.units import GIB, MIB
from harness.run.cache import cache_directory, file_sha256, locked
from harness.run.guest.command import run_step
from harness.run.guest.places import CACHE, KEY_DIGITS, META
from harness.run.guest.tools import disk_tool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

DISK_BYTES = 1 * GIB
"""Size of every disk: fixed, as the guest looks at its disk while it boots, when there is no run.

A full system has at most 3 GiB of memory, and gives less than half of it to windows (`memory_bytes`
of harness/run/gem5/description.py), which are filled from the disk: what is larger could not be
loaded either."""
CAPACITY_BYTES = DISK_BYTES - 16 * MIB
"""For files. The file system keeps inode tables and bitmaps of 8 groups, less than 1 MiB, and one
block of addresses per 1024 blocks of a file, 1 MiB in all; the rest is room for rounding."""
KEPT_DISKS = 64
"""In the cache; of more, those go that were not used for the longest time. More than what runs on
one machine make in the minutes while one of them boots its guest, before gem5 opens its image."""
IMAGE = "disk.ext2"
LOG = "disk.log"
LOCK = "disks.lock"
ARGUMENTS, RUNTIME = "arguments", "runtime"
"""What gem5_configs/guest/init/init.c looks for."""

_PREFIX = "disk-"
_BLOCK_BYTES = 4096
_INODES = 32  # 11 are the file system's own
_IDENTITY = "6861726e-6573-7300-0000-000000000001"
_ENVIRONMENT = ("E2FSPROGS_FAKE_TIME=1", "MKE2FS_CONFIG=/dev/null")
_FEATURES = "none,filetype,sparse_super,large_file"
_LAYOUT = 1
"""Raised when the same files would give another image."""
_ENTRY = re.compile(r"^/\d+/(\d+)/0/0/([^/]+)/(\d+)/$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class DiskFile:
    """A file of the disk's only folder.

    Attributes:
        name: Its name there.
        source: Where its bytes are.
        is_program: Whether it may be executed.
    """

    name: str
    source: Path
    is_program: bool = False

    @property
    def mode(self) -> str:
        """Type and permissions, in octal digits."""
        return "100755" if self.is_program else "100644"


@dataclass(frozen=True, slots=True)
class DataDisk:
    """A disk's image.

    Attributes:
        path: A file of `DISK_BYTES`.
        key: SHA-256 of names, permissions and contents of its files, as hexadecimal digits.
    """

    path: Path
    key: str


def make_disk(files: Sequence[DiskFile]) -> DataDisk:
    """Make a disk with these files, or take what the same files gave before.

    Raises:
        SpecError: The files do not fit, or e2fsprogs is missing.
        BackendError: The image cannot be made.
    """
    _require_room(files)
    key = _key(files)
    place = cache_directory(CACHE) / f"{_PREFIX}{key[:KEY_DIGITS]}"
    with locked(place.with_name(LOCK), None, "waiting for another run that makes a disk"):
        try:
            if not (place / META).is_file():
                _make(files, key, place)
            os.utime(place)
            _forget_unused(place.parent)
        except OSError as error:
            raise BackendError(
                f"cannot make the guest's disk: {error.strerror or error}",
                where=str(error.filename or place),
            ) from error
    return DataDisk(place / IMAGE, key)


def _require_room(files: Sequence[DiskFile]) -> None:
    needed = sum(-(-each.source.stat().st_size // _BLOCK_BYTES) for each in files) * _BLOCK_BYTES
    if needed <= CAPACITY_BYTES:
        return
    largest = max(files, key=lambda each: each.source.stat().st_size)
    raise SpecError(
        "the run's files do not fit on the guest's disk",
        where=str(largest.source),
        expected=f"at most {CAPACITY_BYTES} B",
        got=f"{needed} B, {largest.name} the largest",
        way_out="run it with --mode se, which reads the host's files",
    )


def _key(files: Sequence[DiskFile]) -> str:
    facts = [(each.name, each.mode, file_sha256(each.source)) for each in files]
    text = json.dumps([_LAYOUT, DISK_BYTES, sorted(facts)])
    return hashlib.sha256(text.encode()).hexdigest()


def _make(files: Sequence[DiskFile], key: str, place: Path) -> None:
    """Make it beside its place and move it there when it is whole."""
    scratch = place.with_suffix(".making")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        image, log = scratch / IMAGE, scratch / LOG
        run_step("making the guest's disk", [*_tool("mke2fs"), *_options(image)], log)
        commands = scratch / "commands"
        commands.write_text("".join(_fill(files)))
        filling = [*_tool("debugfs"), "-w", "-f", str(commands), str(image)]
        run_step("filling the guest's disk", filling, log)
        _require_whole(files, image, log)
        commands.unlink()
        (scratch / META).write_text(json.dumps({"key": key}) + "\n")
        shutil.rmtree(place, ignore_errors=True)
        scratch.replace(place)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _forget_unused(folder: Path) -> None:
    used = sorted(folder.glob(f"{_PREFIX}*/{META}"), key=lambda meta: meta.parent.stat().st_mtime)
    for meta in used[:-KEPT_DISKS]:
        shutil.rmtree(meta.parent, ignore_errors=True)


def _tool(name: str) -> list[str]:
    return ["env", *_ENVIRONMENT, disk_tool(name)]


def _options(image: Path) -> list[str]:
    return [
        *("-q", "-F", "-t", "ext2", "-O", _FEATURES, "-b", str(_BLOCK_BYTES), "-I", "256"),
        *("-N", str(_INODES), "-m", "0", "-U", _IDENTITY, "-L", "harness"),
        *("-E", f"hash_seed={_IDENTITY},root_owner=0:0,lazy_itable_init=0"),
        *(str(image), str(DISK_BYTES // _BLOCK_BYTES)),
    ]


def _fill(files: Sequence[DiskFile]) -> Iterator[str]:
    """Write the commands; what a file inherits of the host, its permissions, is set anew."""
    for each in sorted(files, key=lambda each: each.name):
        source = str(each.source.absolute()).replace('"', '""')
        yield f'write "{source}" {each.name}\n'
        yield f"set_inode_field {each.name} mode 0{each.mode}\n"


def _require_whole(files: Sequence[DiskFile], image: Path, log: Path) -> None:
    """Look at what is on the disk: debugfs ends with status 0 whatever became of its commands."""
    command = [*_tool("debugfs"), "-R", "ls -p", str(image)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = {name: (mode, int(size)) for mode, name, size in _ENTRY.findall(done.stdout)}
    for each in files:
        wanted = (each.mode, each.source.stat().st_size)
        if found.get(each.name) != wanted:
            raise BackendError(
                f"the guest's disk lacks {each.name}",
                where=str(image),
                expected=f"mode {wanted[0]}, {wanted[1]} B",
                got=f"{found.get(each.name, 'nothing')}\n{log.read_text(errors='replace')}",
            )
