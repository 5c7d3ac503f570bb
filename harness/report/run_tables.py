"""The tables of one run: phases, operators, accelerators, bytes moved, energy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.base.units import format_bytes, format_ticks
from harness.report.table import Table, shares
from harness.stats.phases import ROLL_UP, Phase

if TYPE_CHECKING:
    from harness.run.result import RunResult
    from harness.stats.breakdown import Breakdown, OperatorTime

PART_COLUMNS = ("accel.", "data mov.", "CPU sw.")
"""Short names of the three parts, in their order, so that the table fits 80 columns."""


def run_tables(result: RunResult) -> list[Table]:
    """Return all tables that the result has numbers for."""
    tables = []
    if result.breakdown is not None:
        tables += [
            phase_table(result.breakdown),
            operator_table(result.breakdown),
            accelerator_table(result.breakdown),
        ]
    if result.energies:
        tables.append(energy_table(result))
    return tables


def phase_table(breakdown: Breakdown) -> Table:
    """Return the three parts and, below each, its phases; both levels add up to the whole."""
    listed = [
        (part, phase) for part, phases in ROLL_UP.items() for phase in _by_time(breakdown, phases)
    ]
    percent = shares([breakdown.phases[phase.label] for _, phase in listed])
    finer = dict(zip(listed, percent, strict=True))
    rows: list[tuple[str, ...]] = []
    strong = set()
    for part, ticks in breakdown.roll_up.items():
        own = [key for key in listed if key[0] == part and breakdown.phases[key[1].label]]
        strong.add(len(rows))
        rows.append((part, format_ticks(ticks), _sum_shares([finer[key] for key in own])))
        rows += [
            (f"  {key[1].label}", format_ticks(breakdown.phases[key[1].label]), finer[key])
            for key in own
        ]
    strong.add(len(rows))
    rows.append(("total", format_ticks(breakdown.ticks), "100.0 %"))
    return Table(
        "Where the time goes", ("phase", ">time", ">share"), tuple(rows), frozenset(strong)
    )


def operator_table(breakdown: Breakdown, most: int = 40) -> Table:
    """Return each operator's time, split into the three parts."""
    columns = ("operator", "op", ">time", ">share", *(f">{name}" for name in PART_COLUMNS), ">MACs")
    percent = shares([time.ticks for time in breakdown.operators])
    rows = [
        (
            time.name,
            time.op,
            format_ticks(time.ticks),
            share,
            *(_part_text(time, part) for part in ROLL_UP),
            f"{time.macs:,}" if time.macs else "",
        )
        for time, share in zip(breakdown.operators, percent, strict=True)
    ]
    title = "By operator"
    if len(rows) > most:
        order = sorted(range(len(rows)), key=lambda i: -breakdown.operators[i].ticks)[:most]
        rows = [rows[i] for i in sorted(order)]
        title = f"By operator (the {most} longest of {len(percent)}; all are in result.json)"
    return Table(title, columns, tuple(rows))


def accelerator_table(breakdown: Breakdown) -> Table:
    """Return each accelerator's use of its units and interfaces over the inference."""
    columns = ("accelerator", ">commands", "busy with", ">busy", ">of the time", ">bytes")
    rows: list[tuple[str, ...]] = []
    for time in breakdown.accelerators:
        name, commands = f"accel{time.instance}", str(time.commands)
        rows.append((name, commands, "a command", *_busy(time.command_ticks, breakdown), ""))
        rows += [
            ("", "", f"unit {unit}", *_busy(ticks, breakdown), "")
            for unit, ticks in time.unit_ticks.items()
            if ticks
        ]
        moved = ", ".join(
            f"{format_bytes(size)} {interface}"
            for interface, size in time.bytes_by_interface.items()
        )
        if time.transfer_ticks:
            rows.append(("", "", "transfers", *_busy(time.transfer_ticks, breakdown), moved))
    return Table("Accelerators", columns, tuple(rows))


def energy_table(result: RunResult) -> Table:
    """Return the energy that the model states, over all inferences of the run."""
    count = len(result.latencies)
    rows = tuple(
        (energy.name, _joules(energy.joules), energy.description) for energy in result.energies
    )
    title = f"Energy of the accelerator, {count} inference{'s' if count != 1 else ''}"
    return Table(title, ("part", ">energy", "what it is"), rows)


def _by_time(breakdown: Breakdown, phases: tuple[Phase, ...]) -> list[Phase]:
    return sorted(phases, key=lambda phase: -breakdown.phases[phase.label])


def _sum_shares(parts: list[str]) -> str:
    tenths = sum(int(part.removesuffix(" %").replace(".", "")) for part in parts)
    return f"{tenths // 10}.{tenths % 10} %"


def _part_text(time: OperatorTime, part: str) -> str:
    ticks = sum(time.phases.get(phase.label, 0) for phase in ROLL_UP[part])
    return format_ticks(ticks) if ticks else ""


def _busy(ticks: int, breakdown: Breakdown) -> tuple[str, str]:
    share = ticks / breakdown.ticks if breakdown.ticks else 0.0
    return format_ticks(ticks), f"{share * 100:.1f} %"


def _joules(joules: float) -> str:
    for unit, scale in (("J", 1.0), ("mJ", 1e-3), ("uJ", 1e-6), ("nJ", 1e-9)):
        if joules >= scale:
            return f"{joules / scale:.4g} {unit}"
    return f"{joules * 1e12:.4g} pJ"
