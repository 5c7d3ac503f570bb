# SPDX-License-Identifier: BSD-3-Clause
"""Arguments of the guest's runtime in syscall emulation; a full system's are on its disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc.run_file import file_of

if TYPE_CHECKING:
    from types import SimpleNamespace

_FILES = ("program", "weights", "inputs")


def runtime_arguments(run: SimpleNamespace) -> list[str]:
    """Return the arguments, without the program's name: the run's, and where its files lie."""
    words = list(run.gem5.arguments)
    for name in _FILES:
        if path := getattr(run.gem5.files, name):
            words += [f"--{name}", file_of(run, path)]
    return words
