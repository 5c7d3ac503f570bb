"""Takes a checkpoint in an inference: so many ticks after its begin."""

from __future__ import annotations

import sys
from pathlib import Path

import m5

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "gem5_configs"))

from soc.board_fs import FsBoard
from soc.board_se import SeBoard
from soc.command_line import argument_parser, end_with, output_folder, read_run
from soc.model_process import start_model
from soc.run_file import file_of
from soc.runtime_arguments import runtime_arguments


def main() -> int:
    """Simulate into the first inference and take a checkpoint there."""
    parser = argument_parser(__doc__)
    parser.add_argument("--ticks-into-inference", type=int)
    parser.add_argument("--mode", choices=["se", "fs"], default="se")
    options = parser.parse_args()
    run = read_run(options, options.mode)
    model = start_model(run, output_folder())
    if options.mode == "se":
        SeBoard(run, runtime_arguments(run), model)
        m5.instantiate()
    else:
        FsBoard(run, output_folder(), model)
        m5.instantiate(file_of(run, run.gem5.guest.checkpoint))
    while m5.simulate().getCause() != "harness inference begins":
        pass
    m5.simulate(options.ticks_into_inference)
    m5.checkpoint(str(output_folder() / "checkpoint"))
    sys.stdout.write("the checkpoint is taken\n")
    return 0


if __name__ == "__m5_main__":
    end_with(main)
