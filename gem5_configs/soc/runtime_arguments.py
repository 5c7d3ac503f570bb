# SPDX-License-Identifier: BSD-3-Clause
"""Arguments of the guest's runtime in syscall emulation; a full system's are on its disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import SimpleNamespace

_FILES = ("program", "weights", "inputs")


def runtime_arguments(run: SimpleNamespace) -> list[str]:
    """Return the arguments, without the program's name: the run's, and where its files lie.

    Files are named as in run.json, relative to the run's directory, which must be the process's
    working directory (`Process.cwd`). What a process is given lies on its stack: with the
    directory's name in it, the same run in another folder would take other ticks.
    """
    words = list(run.gem5.arguments)
    for name in _FILES:
        if path := getattr(run.gem5.files, name):
            words += [f"--{name}", path]
    return words
