"""How much memory a process and all its descendants hold, and whether the kernel killed for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness.run.launch.kernel_kills import oom_counts, was_named_in_log
from harness.run.process_table import children_of, private_bytes

if TYPE_CHECKING:
    from harness.run.launch.kernel_kills import OomCounts

_KERNEL_LOG = "/dev/kmsg"


def family_of(pid: int) -> list[int]:
    """Return a process and its descendants, parents first."""
    found = [pid]
    for each in found:
        found += children_of(each)
    return found


def family_bytes(pid: int) -> int:
    """Return the memory that a process and its descendants hold, each alone.

    What a forked child still shares with its parent is not its own: a launcher inside of a large
    Python process would else make every attempt look as large.
    """
    return sum(private_bytes(each) for each in family_of(pid))


def has_killed(pid: int, before: OomCounts) -> bool:
    """Tell whether the kernel killed a process for want of memory.

    A count has risen since: that of our control group, or the machine's. The machine's may be about
    somebody else; then the kernel's log has to name the process, where it can be read.
    """
    now = oom_counts()
    if now.group > before.group >= 0 or not now.has_risen_since(before):
        return now.has_risen_since(before)
    return was_named_in_log({pid}) or not os.access(_KERNEL_LOG, os.R_OK)
