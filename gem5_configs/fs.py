# SPDX-License-Identifier: BSD-3-Clause
"""Run in a full system: gem5.opt -d OUT gem5_configs/fs.py RUN/run.json.

What happens follows from `gem5.guest` in run.json: with `make_checkpoint` the guest boots, writes
that checkpoint and the run ends; with `checkpoint` the run goes on from there; with neither it
boots and goes on in one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import m5
from soc.accelerators import check_extension
from soc.board_fs import FsBoard
from soc.command_line import argument_parser, end_with, output_folder, read_run
from soc.disk import require_disk
from soc.model_process import start_model
from soc.progress import say
from soc.run_file import RunFileError, file_of, require_files
from soc.simulate import Simulation

if TYPE_CHECKING:
    from types import SimpleNamespace


def main() -> int:
    """Read the run, build the PC, simulate; return the exit status."""
    parser = argument_parser(__doc__)
    parser.add_argument(
        "--no-accelerators", action="store_true", help="cores and memory only, no model"
    )
    options = parser.parse_args()
    run = read_run(options, "fs")
    guest = run.gem5.guest
    _require_guest(run)
    if options.no_accelerators:
        board = FsBoard(
            run,
            output_folder(),
            None,
            has_accelerators=False,
            is_boot=bool(guest.make_checkpoint),
        )
        return _simulate(board, run)
    check_extension()
    if guest.make_checkpoint:
        return _simulate(FsBoard(run, output_folder(), None, is_boot=True), run)
    process = start_model(run, output_folder())
    return _simulate(FsBoard(run, output_folder(), process), run)


def _require_guest(run: SimpleNamespace) -> None:
    """Check that what boots, or the checkpoint, is there."""
    guest = run.gem5.guest
    files = {"gem5.guest.kernel": guest.kernel}
    if guest.initramfs:
        files["gem5.guest.initramfs"] = guest.initramfs
    require_files(run, files)
    if not guest.make_checkpoint:
        require_disk(run)
    if guest.checkpoint and not (Path(file_of(run, guest.checkpoint)) / "m5.cpt").is_file():
        raise RunFileError(f"gem5.guest.checkpoint: no checkpoint in {guest.checkpoint}")


def _simulate(board: FsBoard, run: SimpleNamespace) -> int:
    guest = run.gem5.guest
    say("stage restoring the booted guest" if guest.checkpoint else "stage booting the guest")
    m5.instantiate(file_of(run, guest.checkpoint) or None)
    made = Path(file_of(run, guest.make_checkpoint)) if guest.make_checkpoint else None
    simulation = Simulation(
        run, board.processors, board.bridge, output_folder(), made, board.terminal
    )
    status = simulation.run()
    if status:
        sys.stdout.write(f"what the guest printed: {board.terminal.path}\n")
    return status


if __name__ == "__m5_main__":
    end_with(main)
