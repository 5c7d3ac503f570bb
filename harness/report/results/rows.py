"""Rows of the views, from a run's record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.results.scalars import scalar_number
from harness.stats.phases import ROLL_UP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.report.results.record import RunRecord
    from harness.stats.breakdown import Breakdown

    Row = dict[str, Any]

_SETTINGS = (
    *("graph", "target", "model", "accelerators", "interface", "coherent", "policy", "mode"),
    *("threads", "seed", "simulation_mode", "cpu"),
)


def run_row(record: RunRecord) -> Row:
    """Return a run's row of `runs`, without its parameters."""
    found, result = record.found, record.result
    row: Row = {
        "run": record.name,
        "path": str(found.path),
        "kind": found.kind.value,
        "sweep": found.sweep or None,
        "point": found.index if found.index >= 0 else None,
        "ending": record.ending_text,
        "is_success": record.is_success,
        "exit_cause": record.exit_cause,
        "message": record.message,
        "workload": record.setting().get("workload"),
        "latency_ticks": record.latency_ticks,
        "latency_ms": None if record.latency_ticks is None else record.latency_ticks / 1e9,
    }
    if result is None:
        return row
    setting = {name: result.setting.get(name) for name in _SETTINGS}
    return {
        **row,
        **setting,
        "workload": result.setting.get("workload"),
        "backend": result.backend,
        "load_ticks": result.load_ticks,
        "final_tick": result.final_tick,
        "inferences": len(result.latencies),
        "macs": _macs(result.breakdown),
        "moved_bytes": _moved_bytes(result.breakdown),
        "energy_joules": record.energy_joules,
        "exchanges": result.exchanges,
    }


def _macs(breakdown: Breakdown | None) -> int | None:
    return None if breakdown is None else sum(each.macs for each in breakdown.operators)


def _moved_bytes(breakdown: Breakdown | None) -> int | None:
    if breakdown is None:
        return None
    return sum(sum(each.bytes_by_interface.values()) for each in breakdown.accelerators)


def _parameters(record: RunRecord) -> Iterator[Row]:
    for name, value in record.found.parameters.items():
        yield {"name": name, "value": str(value), "number": scalar_number(value)}


def _inferences(record: RunRecord) -> Iterator[Row]:
    if record.result is None:
        return
    for index, ticks in enumerate(record.result.latencies):
        is_reported = index == record.result.reported
        yield {"inference": index, "latency_ticks": ticks, "is_reported": is_reported}


def _phases(breakdown: Breakdown) -> Iterator[Row]:
    for part, phases in ROLL_UP.items():
        for phase in phases:
            ticks = breakdown.phases[phase.label]
            share = ticks / breakdown.ticks if breakdown.ticks else 0.0
            yield {"part": part, "phase": phase.label, "ticks": ticks, "share": share}


def _operators(breakdown: Breakdown) -> Iterator[Row]:
    for each in breakdown.operators:
        yield {
            "operator": each.index,
            "name": each.name,
            "op": each.op,
            "macs": each.macs,
            "ticks": each.ticks,
        }


def _operator_phases(breakdown: Breakdown) -> Iterator[Row]:
    for each in breakdown.operators:
        for phase, ticks in each.phases.items():
            yield {"operator": each.index, "phase": phase, "ticks": ticks}


def _accelerators(breakdown: Breakdown) -> Iterator[Row]:
    for each in breakdown.accelerators:
        yield {
            "accelerator": each.instance,
            "commands": each.commands,
            "command_ticks": each.command_ticks,
            "transfer_ticks": each.transfer_ticks,
        }


def _units(breakdown: Breakdown) -> Iterator[Row]:
    for each in breakdown.accelerators:
        for unit, ticks in each.unit_ticks.items():
            yield {"accelerator": each.instance, "unit": unit, "busy_ticks": ticks}


def _interfaces(breakdown: Breakdown) -> Iterator[Row]:
    for each in breakdown.accelerators:
        for interface, size_bytes in each.bytes_by_interface.items():
            yield {"accelerator": each.instance, "interface": interface, "bytes": size_bytes}


def _energies(record: RunRecord) -> Iterator[Row]:
    for each in record.result.energies if record.result else ():
        yield {"part": each.name, "joules": each.joules, "description": each.description}


def _counters(record: RunRecord) -> Iterator[Row]:
    for name, value in (record.result.counters if record.result else {}).items():
        yield {"name": name, "value": value}


def _provenance(record: RunRecord) -> Iterator[Row]:
    if record.result is None:
        return
    for kind, facts in (("hash", record.result.hashes), ("version", record.result.versions)):
        for name, value in facts.items():
            yield {"kind": kind, "name": name, "value": value}


_BY_RECORD: dict[str, Callable[[RunRecord], Iterator[Row]]] = {
    "parameters": _parameters,
    "inferences": _inferences,
    "energies": _energies,
    "counters": _counters,
    "provenance": _provenance,
}
_BY_BREAKDOWN: dict[str, Callable[[Breakdown], Iterator[Row]]] = {
    "phases": _phases,
    "operators": _operators,
    "operator_phases": _operator_phases,
    "accelerators": _accelerators,
    "units": _units,
    "interfaces": _interfaces,
}


def rows_of(view: str, record: RunRecord) -> Iterator[Row]:
    """Yield a run's rows of a view; runs that measured nothing have none."""
    if view == "runs":
        yield run_row(record)
        return
    if view in _BY_RECORD:
        rows = _BY_RECORD[view](record)
    else:
        breakdown = record.result.breakdown if record.result else None
        rows = iter(()) if breakdown is None else _BY_BREAKDOWN[view](breakdown)
    for row in rows:
        yield {"run": record.name, **row}
