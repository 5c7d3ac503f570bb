"""How long the first answer takes: imports and `harness --help`."""

from __future__ import annotations

import statistics
import sys

from tests.bench.networks import harness_argv
from tests.bench.processes import Cost, measure
from tests.bench.table import against_aim, print_table, seconds_text

AIM_S = 0.5
_REPETITIONS = 3


def report_start_up() -> None:
    """Print CPU and wall of small commands, interleaved."""
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -c 'import harness'": [sys.executable, "-c", "import harness"],
        "harness --help": harness_argv("--help"),
        "harness run --help": harness_argv("run", "--help"),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(_REPETITIONS):
        for name, argv in commands.items():
            costs[name].append(measure(argv))
    print_table(
        f"6. Start-up (medians of {_REPETITIONS})",
        ("command", "CPU", "aim", "wall"),
        [_row(name, each) for name, each in costs.items()],
    )


def _row(name: str, costs: list[Cost]) -> tuple[str, ...]:
    cpu_s = statistics.median(each.cpu_s for each in costs)
    wall_s = statistics.median(each.wall_s for each in costs)
    aim = against_aim(cpu_s, AIM_S, f"< {AIM_S} s")
    return name, seconds_text(cpu_s), aim, seconds_text(wall_s)
