"""What a process of its own costs the simulation, how often the two ends talk, EXACT and KERNEL."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from tests.bench.networks import NETWORKS, interleaved_commands
from tests.bench.prepared import Phase, Prepared
from tests.bench.table import against_aim, milliseconds, print_table, ratio_text

if TYPE_CHECKING:
    from collections.abc import Callable

RATIO_AIM = 1.10
EXCHANGES_AIM = 2
_NETWORK = "cnn10"
_PHASES = 5
_COMMANDS = 2
Phases = dict[tuple[str, str], list[Phase]]


def report_transports() -> None:
    """Print the three tables."""
    prepared = Prepared(_NETWORK)
    phases: Phases = {(t, m): [] for m in ("kernel", "exact") for t in ("ipc", "inproc")}
    for case in phases:
        prepared.phase(*case)  # warms this process up
    for _ in range(_PHASES):
        for case, found in phases.items():
            found.append(prepared.phase(*case))
    _report_ratio(phases)
    _report_exchanges()
    _report_modes(phases)


def _report_ratio(phases: Phases) -> None:
    outside, inside = interleaved_commands(_NETWORK, _COMMANDS)
    wall = _median([each.wall_s for each in outside]), _median([each.wall_s for each in inside])
    cpu = _median([each.cpu_s for each in outside]), _median([each.cpu_s for each in inside])
    print_table(
        f"3. {_NETWORK}, model out of process (ipc) over in process "
        f"({_PHASES} phases and {_COMMANDS} commands of each, interleaved)",
        ("what", "ipc", "in process", "ratio", "aim"),
        [
            _ratio_row(phases, "kernel", "wall, median", lambda p: p.wall_s, aim=RATIO_AIM),
            _ratio_row(phases, "kernel", "wall, least", lambda p: p.wall_s, pick=min),
            _ratio_row(
                phases, "kernel", "CPU, both ends", lambda p: p.simulator_cpu_s + p.model_cpu_s
            ),
            _ratio_row(phases, "exact", "wall, median", lambda p: p.wall_s),
            ("whole command, wall", *map(milliseconds, wall), ratio_text(wall[0] / wall[1]), ""),
            ("whole command, CPU", *map(milliseconds, cpu), ratio_text(cpu[0] / cpu[1]), ""),
        ],
    )


def _ratio_row(
    phases: Phases,
    mode: str,
    what: str,
    value: Callable[[Phase], float],
    *,
    pick: Callable[[list[float]], float] = statistics.median,
    aim: float = 0,
) -> tuple[str, ...]:
    outside = pick([value(each) for each in phases["ipc", mode]])
    inside = pick([value(each) for each in phases["inproc", mode]])
    ratio = outside / inside
    return (
        f"simulation phase, {mode.upper()}, {what}",
        milliseconds(outside),
        milliseconds(inside),
        ratio_text(ratio),
        against_aim(ratio, aim, f"<= {aim:.2f}") if aim else "",
    )


def _report_exchanges() -> None:
    rows = []
    for name in NETWORKS:
        prepared = Prepared(name)
        for mode in ("kernel", "exact"):
            count = prepared.phase("inproc", mode).exchanges
            each = count / prepared.invocations
            aim = against_aim(each, EXCHANGES_AIM, f"<= {EXCHANGES_AIM}")
            numbers = str(prepared.invocations), str(count), ratio_text(each)
            rows.append((f"{name}, {mode.upper()}", *numbers, aim))
    print_table(
        "4. Exchanges with the model",
        ("network", "invocations", "exchanges", "per invocation", "aim"),
        rows,
    )


def _report_modes(phases: Phases) -> None:
    rows = []
    for transport in ("ipc", "inproc"):
        exact, kernel = phases[transport, "exact"], phases[transport, "kernel"]
        exact_s = _median([each.wall_s for each in exact])
        kernel_s = _median([each.wall_s for each in kernel])
        same = {each.ticks for each in (*exact, *kernel)}
        rows.append(
            (
                transport,
                milliseconds(exact_s),
                milliseconds(kernel_s),
                ratio_text(exact_s / kernel_s),
                "equal" if len(same) == 1 else "DIFFERENT",
            )
        )
    print_table(
        f"7. {_NETWORK}, simulation phase, EXACT over KERNEL",
        ("transport", "EXACT", "KERNEL", "ratio", "ticks"),
        rows,
    )


def _median(values: list[float]) -> float:
    return statistics.median(values)
