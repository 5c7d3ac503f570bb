"""Configures and builds the kernel, and modules against it."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

from harness.base.errors import BackendError
from harness.run.guest.command import run_step
from harness.run.guest.source import kernel_version, unpack
from harness.run.guest.tools import cross_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from harness.run.guest.source import KernelSource
    from harness.run.prepared import Progress

    OnLine = Callable[[str], object] | None

KERNEL, SYMBOLS = "vmlinux", "System.map"

_NEEDED_BY_MODULES = {"Kbuild", "Makefile", "arch", "include", "scripts"}
_NEEDED_ARCHITECTURE = "x86"

_COMPILED = re.compile(r"^\s+(?:CC|AS|LD|AR|HOSTCC)\s")
_REPORT_EVERY = 200
_SET = re.compile(r"^(CONFIG_\w+)=")
_UNSET = re.compile(r"^# (CONFIG_\w+) is not set$")


class KernelBuild:
    """A kernel that is built in one folder; an interrupted build goes on where it was.

    Attributes:
        tree: Configured tree: modules are built against it.
    """

    def __init__(self, folder: Path, source: KernelSource, *, jobs: int, log: Path) -> None:
        self._source = source
        self._jobs = jobs
        self._log = log
        self._sources = folder / "source"
        self.tree = folder / "build"

    @property
    def version(self) -> str:
        """The kernel's version."""
        return ".".join(map(str, kernel_version(self._sources / "Makefile")))

    def unpack(self, progress: Progress) -> None:
        """Unpack the source, unless it is there."""
        if not self._sources.is_dir():
            progress.stage(f"unpacking {self._source.path}")
            unpack(self._source, self._sources, self._log)

    def configure(self, fragment: Path) -> None:
        """Make the configuration: nothing but what the fragment names and that implies.

        Raises:
            BackendError: This kernel does not take all of the fragment.
        """
        setting = f"KCONFIG_ALLCONFIG={fragment}"
        self._make("configuring the guest's kernel", [setting, "allnoconfig"])
        refused = list(refused_options(fragment, self.tree / ".config"))
        if refused:
            raise BackendError(
                f"kernel {self.version} does not take all options of the guest's configuration",
                where=str(fragment),
                got=", ".join(refused),
                way_out="build with the kernel source of Debian 12 (linux-source-6.1)",
            )

    def build(self, progress: Progress) -> Path:
        """Build the kernel; return the uncompressed image."""
        what = "building the guest's kernel"
        progress.stage(f"{what} {self.version} (once, {self._jobs} jobs); log {self._log}")
        compiled = 0

        def count(line: str) -> None:
            nonlocal compiled
            if _COMPILED.match(line):
                compiled += 1
                if compiled % _REPORT_EVERY == 0:
                    progress.stage(f"{what}: {compiled} files")

        self._make(what, [KERNEL, "modules"], count)
        return self.tree / KERNEL

    def prune(self) -> None:
        """Remove what modules do not need of the unpacked source: 95 % of it."""
        others = _others(self._sources, _NEEDED_BY_MODULES)
        others += _others(self._sources / "arch", {_NEEDED_ARCHITECTURE})
        for path in others:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)

    def build_module(self, sources: Path, headers: Path) -> None:
        """Build the modules of a folder outside of the tree, in place."""
        words = [f"M={sources}", f"HARNESS_ABI={headers}", "modules"]
        self._make("building the guest's driver", words)

    def _make(self, what: str, words: list[str], on_line: OnLine = None) -> None:
        command = ["make", "-C", str(self._sources), f"O={self.tree}", f"-j{self._jobs}"]
        command += ["ARCH=x86_64", f"CROSS_COMPILE={cross_prefix()}", *words]
        run_step(what, command, self._log, on_line)


def _others(folder: Path, names: set[str]) -> list[Path]:
    return [path for path in folder.iterdir() if path.name not in names]


def default_jobs() -> int:
    """Return how many compilers run at once: one per CPU that this process may use."""
    return len(os.sched_getaffinity(0))


def refused_options(fragment: Path, configuration: Path) -> Iterator[str]:
    """Name the lines of a fragment that are not in a configuration made from it."""
    made = configuration.read_text().splitlines()
    values = {match[1]: line for line in made if (match := _SET.match(line))}
    for line in fragment.read_text().splitlines():
        if match := _SET.match(line):
            if values.get(match[1]) != line:
                yield line
        elif (match := _UNSET.match(line)) and match[1] in values:
            yield f"{match[1]} is set"
