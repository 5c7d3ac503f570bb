"""Whether Linux killed a process because memory ran out, from what the kernel counts and logs."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_LARGEST_LOG_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class OomCounts:
    """How often the kernel has killed for want of memory; -1 where it does not say.

    Attributes:
        machine: On the whole machine.
        group: In our control group, whose limit a batch system sets.
    """

    machine: int
    group: int

    def has_risen_since(self, before: OomCounts) -> bool:
        """Whether something was killed between two looks."""
        return self.machine > before.machine >= 0 or self.group > before.group >= 0


def oom_counts() -> OomCounts:
    """Return the counts now."""
    machine = _count(Path("/proc/vmstat"), "oom_kill")
    group = -1
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            below = path.lstrip("/")
            if not controllers:
                group = max(group, _count(_CGROUPS / below / "memory.events", "oom_kill"))
            elif "memory" in controllers.split(","):
                folder = _CGROUPS / "memory" / below
                group = max(group, _count(folder / "memory.oom_control", "oom_kill"))
    return OomCounts(machine, group)


def was_named_in_log(pids: set[int]) -> bool:
    """Whether the kernel's log, where it may be read, names one of these as killed."""
    text = _kernel_log()
    killed = re.findall(r"(?:[Kk]illed process|oom-kill:.*,pid=)\s*(\d+)", text)
    return any(int(pid) in pids for pid in killed)


def _kernel_log() -> str:
    pieces: list[bytes] = []
    try:
        descriptor = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        while sum(map(len, pieces)) < _LARGEST_LOG_BYTES:
            pieces.append(os.read(descriptor, 8192))  # one record at a time
    except OSError:  # no more records
        pass
    finally:
        os.close(descriptor)
    return b"".join(pieces).decode(errors="replace")


def _count(path: Path, name: str) -> int:
    with suppress(OSError, ValueError, IndexError):
        for line in path.read_text().splitlines():
            words = line.split()
            if words and words[0] == name:
                return int(words[1])
    return -1
