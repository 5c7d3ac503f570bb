"""What must be installed to build the guest, and where Debian and Fedora have it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

_CROSS_PREFIX = "x86_64-linux-gnu-"
_PROBE_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, header or library.

    Attributes:
        name: What it is called in messages; of a program also its name on PATH.
        debian: Debian's package.
        fedora: Fedora's package.
    """

    name: str
    debian: str
    fedora: str


def cross_prefix() -> str:
    """Return what precedes the names of the compiler's programs: the guest is an x86-64 machine."""
    return "" if platform.machine() == "x86_64" else _CROSS_PREFIX


_PROGRAMS = (
    Tool("make", "make", "make"),
    Tool("flex", "flex", "flex"),
    Tool("bison", "bison", "bison"),
    Tool("bc", "bc", "bc"),
    Tool("awk", "mawk", "gawk"),
    Tool("tar", "tar", "tar"),
    Tool("xz", "xz-utils", "xz"),
)
_COMPILER = (Tool("gcc", "gcc", "gcc"), Tool("ld", "binutils", "binutils"))
_HOST_COMPILER = Tool("gcc", "gcc", "gcc")
_LIBELF = Tool("gelf.h (libelf)", "libelf-dev", "elfutils-libelf-devel")
_STATIC_C = Tool("libc.a (static C library)", "libc6-dev", "glibc-static")


_DISK_PROGRAMS = tuple(Tool(name, "e2fsprogs", "e2fsprogs") for name in ("mke2fs", "debugfs"))
_SYSTEM_FOLDERS = ("/usr/sbin", "/sbin")
"""Where they are, which is not on everybody's PATH."""


def missing_disk_tools() -> list[Tool]:
    """Return what making the guest's disk needs and this machine lacks."""
    return [tool for tool in _DISK_PROGRAMS if _find_disk_tool(tool.name) is None]


def disk_tool(name: str) -> str:
    """Return the path of a program of e2fsprogs.

    Raises:
        SpecError: It is not installed.
    """
    if (found := _find_disk_tool(name)) is not None:
        return found
    raise SpecError(
        "the guest's disk cannot be made",
        got=f"no {name}",
        way_out=f"install {_packages(_DISK_PROGRAMS)}",
    )


def _find_disk_tool(name: str) -> str | None:
    folders = [os.environ.get("PATH", os.defpath), *_SYSTEM_FOLDERS]
    return shutil.which(name, path=os.pathsep.join(folders))


def missing_tools() -> list[Tool]:
    """Return what building the guest needs and this machine lacks."""
    prefix = cross_prefix()
    compiler = [Tool(prefix + each.name, each.debian, each.fedora) for each in _COMPILER]
    wanted = [*_PROGRAMS, *compiler, *([_HOST_COMPILER] if prefix else [])]
    missing = [tool for tool in wanted if shutil.which(tool.name) is None]
    if shutil.which("gcc") and not _compiles("gcc", "#include <gelf.h>", ("-lelf",)):
        missing.append(_LIBELF)
    if shutil.which(f"{prefix}gcc") and not _compiles(f"{prefix}gcc", "", ("-static",)):
        missing.append(_STATIC_C)
    return missing


def _compiles(compiler: str, include: str, options: Sequence[str]) -> bool:
    with tempfile.TemporaryDirectory(prefix="harness-probe-") as folder:
        source = Path(folder) / "probe.c"
        source.write_text(f"{include}\nint main(void) {{ return 0; }}\n")
        command = [compiler, "-o", str(source.with_suffix("")), str(source), *options]
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=_PROBE_TIMEOUT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
    return done.returncode == 0


def require_tools() -> None:
    """Check that the guest can be built.

    Raises:
        SpecError: It cannot; the message says what to install.
    """
    missing = missing_tools()
    if missing:
        raise SpecError(
            "the guest cannot be built: tools are missing",
            got="no " + ", no ".join(tool.name for tool in missing),
            way_out=f"install {_packages(missing)},"
            " or name a kernel and an initramfs of your own with --kernel and --initramfs",
        )


def _packages(missing: Sequence[Tool]) -> str:
    debian = " ".join(dict.fromkeys(tool.debian for tool in missing))
    fedora = " ".join(dict.fromkeys(tool.fedora for tool in missing))
    return f"(Debian) {debian} or (Fedora) {fedora}"


def compiler_version() -> str:
    """Return what compiler and linker call themselves; empty if there are none."""
    texts = []
    for name in ("gcc", "ld"):
        try:
            done = subprocess.run(
                [cross_prefix() + name, "--version"],
                capture_output=True,
                text=True,
                timeout=_PROBE_TIMEOUT_S,
                check=False,
                env=os.environ | {"LC_ALL": "C"},
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        texts.extend(done.stdout.splitlines()[:1])
    return "; ".join(texts)
