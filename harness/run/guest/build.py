"""Builds the guest: kernel, driver, init and initramfs, kept in the user's cache by content.

Two folders, each named by a hash of what goes into it: the kernel's tree (source, configuration,
compiler) and the images (the kernel's hash, the driver, init, their headers). So a
changed driver costs seconds, and the kernel knows no workload and no driver.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.errors import BackendError
from harness.run.cache import cache_directory, files_sha256, locked
from harness.run.config_scripts import find_configs
from harness.run.guest.command import run_step
from harness.run.guest.cpio import character_device, cpio_archive, directory, regular_file
from harness.run.guest.kernel import KERNEL, SYMBOLS, KernelBuild, default_jobs
from harness.run.guest.places import CACHE, KEY_DIGITS, META
from harness.run.guest.source import find_source
from harness.run.guest.tools import compiler_version, cross_prefix, require_tools

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from harness.run.guest.source import KernelSource
    from harness.run.prepared import Progress

INITRAMFS = "initramfs.cpio"
LOG = "build.log"

_MODULE = "harness.ko"
_FRAGMENT = "kernel/harness.config"
_GUEST_FOLDERS = ("driver", "init", "abi")
_SOURCE_SUFFIXES = {".c", ".h"}
_SOURCE_NAMES = {"Kbuild", "Makefile"}
_LAYOUT = 1
"""Raised when the same sources would give other images."""


@dataclass(frozen=True, slots=True)
class GuestImages:
    """What boots.

    Attributes:
        kernel: Uncompressed ELF image.
        initramfs: cpio archive with init and the driver.
        symbols: The kernel's symbols as `nm` lists them.
        key: SHA-256 of all that they were made from, as hexadecimal digits.
        version: The kernel's version.
    """

    kernel: Path
    initramfs: Path
    symbols: Path
    key: str
    version: str


@dataclass(frozen=True, slots=True)
class GuestSources:
    """What the guest is made from.

    Attributes:
        folder: `gem5_configs/guest`.
        kernel: The kernel's source.
        kernel_key: Hash of what goes into the kernel.
        key: Hash of what goes into the images.
    """

    folder: Path
    kernel: KernelSource
    kernel_key: str
    key: str

    @property
    def tree(self) -> Path:
        """Where the kernel is built."""
        return cache_directory(CACHE) / f"kernel-{self.kernel_key[:KEY_DIGITS]}"

    @property
    def images(self) -> Path:
        """Where the images are kept."""
        return cache_directory(CACHE) / self.key[:KEY_DIGITS]


def guest_sources(kernel_source: Path | None = None) -> GuestSources:
    """Find everything that the guest is made from, and name it by hashes.

    Raises:
        SpecError: The kernel's source or gem5_configs is not there.
    """
    folder = find_configs() / "guest"
    kernel = find_source(kernel_source, cache_directory(CACHE))
    configuration = files_sha256([folder / _FRAGMENT], folder)
    kernel_key = _sha256(_LAYOUT, kernel.identity, configuration, compiler_version())
    key = _sha256(kernel_key, files_sha256(_guest_files(folder), folder))
    return GuestSources(folder, kernel, kernel_key, key)


def _guest_files(folder: Path) -> list[Path]:
    return [
        path
        for name in _GUEST_FOLDERS
        for path in (folder / name).iterdir()
        if (path.suffix in _SOURCE_SUFFIXES or path.name in _SOURCE_NAMES)
        and not path.name.endswith(".mod.c")  # kbuild's own, when somebody built in place
    ]


def _sha256(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def kept_guest(sources: GuestSources) -> GuestImages | None:
    """Return the images that were built from these sources before; None if there are none."""
    folder = sources.images
    try:
        version = str(json.loads((folder / META).read_text())["version"])
    except (OSError, ValueError, KeyError):
        return None
    return GuestImages(folder / KERNEL, folder / INITRAMFS, folder / SYMBOLS, sources.key, version)


def build_guest(
    progress: Progress, *, kernel_source: Path | None = None, jobs: int = 0
) -> GuestImages:
    """Build the guest, or take what the same sources gave before.

    Args:
        progress: Is told of the stages.
        kernel_source: Tarball or folder; else $HARNESS_KERNEL_SOURCE, else the newest package.
        jobs: Compilers at once; 0 means one per CPU.

    Raises:
        SpecError: Sources or tools are missing.
        BackendError: It does not build; the message names the log.
    """
    sources = guest_sources(kernel_source)
    if found := kept_guest(sources):
        return found
    require_tools()
    with guest_lock(progress):
        return kept_guest(sources) or _build(sources, progress, jobs or default_jobs())


def guest_lock(progress: Progress) -> AbstractContextManager[None]:
    """Let two processes not build or remove guests at once."""
    waiting = "waiting for another process that builds the guest"
    return locked(cache_directory(CACHE) / "lock", progress, waiting)


def _build(sources: GuestSources, progress: Progress, jobs: int) -> GuestImages:
    """Build beside the place and move the images there when they are whole."""
    place, log = sources.images, cache_directory(CACHE) / LOG
    scratch = place.with_suffix(".building")
    try:
        log.write_text("")
        kernel = _built_kernel(sources, progress, jobs, log)
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        progress.stage("building the guest's driver and init")
        module = _build_module(sources, kernel, scratch)
        init = _build_init(sources, scratch, log)
        (scratch / INITRAMFS).write_bytes(_initramfs(init, module))
        for name in (KERNEL, SYMBOLS):
            shutil.copyfile(kernel.tree / name, scratch / name)
        _keep(scratch, place, {"version": kernel.version, "key": sources.key})
    except OSError as error:
        raise BackendError(
            f"cannot build the guest: {error.strerror or error}", where=str(error.filename or place)
        ) from error
    images = kept_guest(sources)
    if images is None:
        raise BackendError("the built guest is gone", where=str(place))
    return images


def _keep(scratch: Path, place: Path, meta: dict[str, str]) -> None:
    (scratch / META).write_text(json.dumps(meta, indent=1) + "\n")
    shutil.rmtree(place, ignore_errors=True)
    scratch.replace(place)


def _built_kernel(sources: GuestSources, progress: Progress, jobs: int, log: Path) -> KernelBuild:
    """Return the built kernel; its tree is used again, and is finished if a build was cut off."""
    tree = sources.tree
    tree.mkdir(exist_ok=True)
    kernel = KernelBuild(tree, sources.kernel, jobs=jobs, log=log)
    kernel.unpack(progress)
    if not (tree / META).is_file():
        kernel.configure(sources.folder / _FRAGMENT)
        kernel.build(progress)
        (tree / META).write_text(json.dumps({"version": kernel.version}) + "\n")
    kernel.prune()
    return kernel


def _build_module(sources: GuestSources, kernel: KernelBuild, scratch: Path) -> bytes:
    """Build the driver in a copy of its folder: kbuild writes beside the sources."""
    copy = scratch / "driver"
    copy.mkdir()
    for path in _guest_files(sources.folder):
        if path.parent.name == copy.name:
            shutil.copyfile(path, copy / path.name)
    kernel.build_module(copy, sources.folder / "abi")
    module = (copy / _MODULE).read_bytes()
    shutil.rmtree(copy)
    return module


def _build_init(sources: GuestSources, scratch: Path, log: Path) -> bytes:
    program = scratch / "init"
    command = [f"{cross_prefix()}gcc", "-std=c11", "-O2", "-Wall", "-static", "-s"]
    command += ["-I", str(sources.folder / "abi"), "-o", str(program)]
    command += [str(sources.folder / "init" / "init.c")]
    run_step("building the guest's init", command, log)
    return program.read_bytes()


def _initramfs(init: bytes, module: bytes) -> bytes:
    """Return the archive; the console is there before init has mounted anything."""
    return cpio_archive(
        [
            directory("dev"),
            character_device("dev/console", 5, 1),
            regular_file("init", init, 0o755),
            regular_file(_MODULE, module, 0o644),
        ]
    )
