"""Which process holds a claim: a number alone comes again, so start time and boot belong to it."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.run.process_table import read_task


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process that no other one can be mistaken for.

    Attributes:
        host: Name of its machine.
        namespace: Its space of process numbers; containers of one machine have their own.
        boot: The kernel's id of this boot.
        pid: Its number.
        start: Ticks of the kernel's clock from boot to its start.
    """

    host: str
    namespace: str
    boot: str
    pid: int
    start: int

    @property
    def is_here(self) -> bool:
        """Whether the process, if it lives, can be seen from this one."""
        return (self.host, self.namespace) == (platform.node(), _namespace())

    @property
    def is_alive(self) -> bool | None:
        """Whether it lives; None if that cannot be seen from here."""
        if self.host != platform.node():
            return None
        if self.boot != _boot():
            return False
        if self.namespace != _namespace():
            return None
        return start_of(self.pid) == self.start

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def identity_of(pid: int) -> ProcessIdentity:
    """Return the identity of a process of this machine, usually this one or a child."""
    return ProcessIdentity(platform.node(), _namespace(), _boot(), pid, start_of(pid) or 0)


def start_of(pid: int) -> int | None:
    """Return when a process began; None if there is none, or only its remains."""
    task = read_task(pid)
    return None if task is None or task.state in "ZX" else task.start


@cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


@cache
def _namespace() -> str:
    return os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - a name, no path
