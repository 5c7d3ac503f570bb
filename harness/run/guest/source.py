"""Finds the kernel's source: the distribution's package, or what the user names."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import SpecError
from harness.run.cache import file_sha256
from harness.run.guest.command import run_step

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE_VARIABLE = "HARNESS_KERNEL_SOURCE"
PACKAGES = Path("/usr/src")
"""Where Debian's packages `linux-source-VERSION` put their tarballs."""
LEAST_VERSION = (5, 10)
"""Older kernels have not been tried; 6.1 is what is tested."""

_TARBALL = re.compile(r"linux-source-(\d+)\.(\d+)\.tar\.(?:xz|bz2|gz|zst)")
_VERSION = re.compile(r"^(VERSION|PATCHLEVEL|SUBLEVEL) *= *(\d+)$", re.MULTILINE)
_MEMORY = "sources.json"
_MAKEFILE_BYTES = 65536


@dataclass(frozen=True, slots=True)
class KernelSource:
    """A kernel's source.

    Attributes:
        path: A tarball, or a folder with the top Makefile.
        identity: Hash of a tarball's bytes, or of a folder's file names, sizes and times.
    """

    path: Path
    identity: str


def find_source(chosen: Path | None, memory: Path) -> KernelSource:
    """Return the source: the chosen one, $HARNESS_KERNEL_SOURCE, or the newest package.

    Args:
        chosen: What the user named.
        memory: Folder where hashes of large files are remembered.

    Raises:
        SpecError: There is none, or it is none.
    """
    named = os.environ.get(SOURCE_VARIABLE, "")
    path = chosen or (Path(named) if named else _newest_package(PACKAGES))
    if path is None:
        raise SpecError(
            "there is no kernel source to build the guest from",
            where=str(PACKAGES),
            expected="a package such as Debian's linux-source-6.1, or a kernel.org tarball",
            way_out="apt-get install linux-source-6.1,"
            f" or name a tarball or a folder with --kernel-source or ${SOURCE_VARIABLE},"
            " or a built kernel and initramfs with --kernel and --initramfs",
        )
    path = path.absolute()
    if path.is_dir():
        _require_version(kernel_version(path / "Makefile"), path)
        return KernelSource(path, _folder_identity(path))
    if not path.is_file():
        raise SpecError("the kernel source is not there", where=str(path))
    return KernelSource(path, _remembered_sha256(path, memory / _MEMORY))


def _newest_package(folder: Path) -> Path | None:
    found = [
        ((int(match[1]), int(match[2])), path)
        for path in (folder.iterdir() if folder.is_dir() else ())
        if (match := _TARBALL.fullmatch(path.name))
    ]
    return max(found)[1] if found else None


def kernel_version(makefile: Path) -> tuple[int, ...]:
    """Return the version that the top Makefile of a kernel tree states.

    Raises:
        SpecError: It is no kernel tree.
    """
    try:
        text = makefile.read_text(errors="replace")[:_MAKEFILE_BYTES]
    except OSError:
        text = ""
    numbers = dict(_VERSION.findall(text))
    if len(numbers) != 3:
        raise SpecError(
            "this is no kernel source", where=str(makefile), expected="the kernel's top Makefile"
        )
    return tuple(int(numbers[name]) for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL"))


def _require_version(version: tuple[int, ...], where: Path) -> None:
    if version[:2] < LEAST_VERSION:
        raise SpecError(
            "the kernel source is too old for the guest",
            where=str(where),
            expected=f"at least {'.'.join(map(str, LEAST_VERSION))}",
            got=".".join(map(str, version)),
        )


def unpack(source: KernelSource, place: Path, log: Path) -> None:
    """Unpack or copy a source; `place` is there only when all of it is.

    Raises:
        BackendError: It cannot be unpacked.
        SpecError: It is no kernel, or too old.
    """
    scratch = place.with_suffix(".unpacking")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for command in _unpacking_commands(source, scratch):
        run_step("unpacking the kernel source", command, log)
    _require_version(kernel_version(scratch / "Makefile"), source.path)
    scratch.replace(place)


def _unpacking_commands(source: KernelSource, place: Path) -> Iterator[list[str]]:
    if source.path.is_file():
        yield ["tar", "-x", "-f", str(source.path), "-C", str(place), "--strip-components=1"]
    else:
        yield ["cp", "-R", "-P", "-p", f"{source.path}/.", str(place)]


def _remembered_sha256(path: Path, memory: Path) -> str:
    """Hash a file once: it is known again by its place, size and time."""
    status = path.stat()
    key = f"{path}|{status.st_size}|{status.st_mtime_ns}"
    try:
        known = json.loads(memory.read_text())
    except (OSError, ValueError):
        known = {}
    if not isinstance(known, dict) or not isinstance(known.get(key), str):
        known = {key: file_sha256(path)}
        scratch = memory.with_suffix(f".{os.getpid()}")
        scratch.write_text(json.dumps(known) + "\n")
        scratch.replace(memory)
    return str(known[key])


def _folder_identity(folder: Path) -> str:
    digest = hashlib.sha256()
    for parent, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if name != ".git")
        for name in sorted(files):
            path = Path(parent, name)
            status = path.lstat()
            digest.update(
                f"{path.relative_to(folder)}|{status.st_size}|{status.st_mtime_ns}\n".encode()
            )
    return digest.hexdigest()
