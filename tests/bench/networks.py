"""What a whole `harness run` of each network costs: CPU, wall, memory."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from tests.bench.processes import Cost, Peaks, measure, measure_peaks
from tests.bench.table import against_aim, print_table, seconds_text

NETWORKS = ("lenet5", "minerva", "cnn10")
CPU_AIMS_S = {"lenet5": 1.5, "cnn10": 3.0}
_REPETITIONS = 3


def harness_argv(*arguments: str) -> list[str]:
    """Return a command line of the harness beside this interpreter."""
    return [str(Path(sys.executable).with_name("harness")), *arguments]


def report_networks() -> None:
    """Print cost and memory of every network, model in its own process."""
    costs: dict[str, list[Cost]] = {name: [] for name in NETWORKS}
    with tempfile.TemporaryDirectory(prefix="harness-bench-") as folder:
        for index in range(_REPETITIONS):
            for name in NETWORKS:
                costs[name].append(measure(_run(name, f"{folder}/{name}-{index}")))
        peaks = {name: measure_peaks(_run(name, f"{folder}/{name}-peak")) for name in NETWORKS}
    print_table(
        f"2. `harness run`, model's process included (medians of {_REPETITIONS})",
        ("network", "CPU", "aim", "wall"),
        [_cost_row(name, each) for name, each in costs.items()],
    )
    print_table(
        "5. Peak resident memory",
        ("network", "harness", "model"),
        [_peak_row(name, each) for name, each in peaks.items()],
    )


def _run(network: str, folder: str, *options: str) -> list[str]:
    return harness_argv("run", network, "--quiet", "--output", folder, *options)


def _cost_row(name: str, costs: list[Cost]) -> tuple[str, ...]:
    cpu_s = statistics.median(each.cpu_s for each in costs)
    wall_s = statistics.median(each.wall_s for each in costs)
    aim_s = CPU_AIMS_S.get(name)
    aim = against_aim(cpu_s, aim_s, f"< {aim_s} s") if aim_s else ""
    return name, seconds_text(cpu_s), aim, seconds_text(wall_s)


def _peak_row(name: str, peaks: Peaks) -> tuple[str, ...]:
    return name, f"{peaks.own_bytes / 2**20:.0f} MiB", f"{peaks.child_bytes / 2**20:.0f} MiB"


def interleaved_commands(network: str, repetitions: int) -> tuple[list[Cost], list[Cost]]:
    """Run a network's command out of process and in process in turn."""
    outside: list[Cost] = []
    inside: list[Cost] = []
    with tempfile.TemporaryDirectory(prefix="harness-bench-") as folder:
        for index in range(repetitions):
            for costs, transport in ((outside, "ipc"), (inside, "inproc")):
                name = f"{folder}/{transport}-{index}"
                costs.append(measure(_run(network, name, "--transport", transport)))
    return outside, inside
