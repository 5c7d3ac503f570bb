# SPDX-License-Identifier: BSD-3-Clause
"""Run a program in syscall emulation: gem5.opt -d OUT gem5_configs/se.py RUN/run.json."""

from __future__ import annotations

import m5
from soc.accelerators import check_extension
from soc.board_se import SeBoard
from soc.command_line import argument_parser, end_with, output_folder, read_run
from soc.model_process import start_model
from soc.run_file import require_files
from soc.runtime_arguments import runtime_arguments
from soc.simulate import Simulation


def main() -> int:
    """Read the run, build the SoC, simulate; return the exit status."""
    parser = argument_parser(__doc__)
    parser.add_argument(
        "--no-accelerators", action="store_true", help="cores and memory only, no model"
    )
    parser.add_argument(
        "--arguments", nargs="*", help="of the program, instead of those of harness's runtime"
    )
    options = parser.parse_args()
    run = read_run(options, "se")
    arguments = runtime_arguments(run) if options.arguments is None else options.arguments
    if options.no_accelerators:
        require_files(run, {"gem5.files.runtime": run.gem5.files.runtime})
        return _simulate(SeBoard(run, arguments, None, has_accelerators=False), run)
    check_extension()
    require_files(run, {f"gem5.files.{name}": path for name, path in vars(run.gem5.files).items()})
    return _simulate(SeBoard(run, arguments, start_model(run, output_folder())), run)


def _simulate(board: SeBoard, run: object) -> int:
    m5.instantiate()
    return Simulation(run, board.processors, board.bridge, output_folder()).run()


if __name__ == "__m5_main__":
    end_with(main)
