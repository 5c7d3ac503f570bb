"""The command that starts gem5, and the files of its output directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.run.directory import RUN_JSON

if TYPE_CHECKING:
    from pathlib import Path

    from harness.run.gem5_options import Gem5Options

OUTPUT = "m5out"
STDOUT, STDERR = "simout.txt", "simerr.txt"
STATS, EXIT = "stats.txt", "exit.json"
OUTPUTS, MESSAGES, MODEL_ERROR = "outputs.bin", "messages.txt", "harness_error.txt"
MODEL_STATISTICS, BRIDGE_COSTS = "model_statistics.json", "bridge_costs.json"
TERMINAL = "system.pc.com_1.device"
DEBUG_FILE = "debug.txt"
INPUTS_BIN = "inputs.bin"


def gem5_command(
    binary: Path, run: Path, script: Path, options: Gem5Options, output: str = OUTPUT
) -> list[str]:
    """Return gem5's command line: its own options, the script, the run's description.

    Args:
        binary: The gem5 binary.
        run: The run's directory.
        script: What gem5 runs.
        options: The user's options for gem5.
        output: Name of gem5's output directory in the run's.
    """
    debug = []
    if options.debug_flags:
        debug = [f"--debug-flags={options.debug_flags}"]
        if not any(each.startswith("--debug-file") for each in options.arguments):
            debug.append(f"--debug-file={DEBUG_FILE}")
    own = [str(binary), "-d", str(run / output), *debug, *options.arguments]
    return [*own, str(script), str(run / RUN_JSON)]
