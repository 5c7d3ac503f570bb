"""The disk of one run: runtime, arguments, program and inputs, for a guest that has booted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.run.gem5.command import INPUTS_BIN
from harness.run.guest.disk import ARGUMENTS, RUNTIME, DataDisk, DiskFile, make_disk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.run.gem5.setup import Gem5Setup
    from harness.run.prepared import PreparedRun

ARGUMENTS_FILE = "arguments.txt"
PROGRAM_FILES = ("program.pb", "program.bin", INPUTS_BIN)
"""In the run's directory, and under these names on the disk: the runtime's defaults."""


def run_disk(
    run: PreparedRun, setup: Gem5Setup, folder: Path, arguments: Sequence[str]
) -> DataDisk:
    """Make the disk of a run.

    Args:
        run: The run, compiled, with its inputs written.
        setup: Has the runtime.
        folder: Where to leave the arguments.
        arguments: Of the runtime.

    Raises:
        SpecError: It does not fit, or e2fsprogs is missing.
        BackendError: The image cannot be made.
    """
    words = folder / ARGUMENTS_FILE
    words.write_text("".join(f"{each}\n" for each in arguments))
    files = [DiskFile(RUNTIME, setup.runtime.path, is_program=True), DiskFile(ARGUMENTS, words)]
    files += [DiskFile(name, run.directory.path / name) for name in PROGRAM_FILES]
    return make_disk(files)
