"""Tables of one run: phases, operators, accelerators, inferences, energies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.base.units import format_bytes
from harness.report.page.content import (
    EMPTY,
    Cell,
    PageTable,
    joules_cell,
    number_cell,
    percent_cell,
    text_cell,
    ticks_cell,
)
from harness.report.table import shares
from harness.stats.phases import ROLL_UP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.report.results.record import RunRecord
    from harness.run.result import RunResult
    from harness.stats.breakdown import AcceleratorTime, Breakdown


def one_run_tables(record: RunRecord) -> list[PageTable]:
    """Return the tables that a run's result has numbers for."""
    result = record.result
    if result is None:
        return []
    tables = []
    if len(result.latencies) > 1:
        tables.append(_inferences(result))
    if result.breakdown is not None:
        whole = result.breakdown
        tables += [_phases(whole), _operators(whole), _accelerators(whole)]
    if result.energies:
        tables.append(_energies(result))
    return tables


def _inferences(result: RunResult) -> PageTable:
    rows = tuple(
        (
            number_cell(index),
            ticks_cell(ticks),
            number_cell(ticks),
            text_cell("reported" if index == result.reported else ""),
        )
        for index, ticks in enumerate(result.latencies)
    )
    columns = ("inference", "latency", "ticks", "")
    return PageTable("inferences", "Inferences", columns, rows, "The first is cold.")


def _phases(whole: Breakdown) -> PageTable:
    finer = [phase for phases in ROLL_UP.values() for phase in phases]
    percent = dict(zip(finer, shares([whole.phases[phase.label] for phase in finer]), strict=True))
    rows: list[tuple[Cell, ...]] = []
    strong = set()
    for part, phases in ROLL_UP.items():
        strong.add(len(rows))
        ticks = whole.roll_up[part]
        share = ticks / whole.ticks if whole.ticks else 0.0
        rows.append((Cell(part), ticks_cell(ticks), number_cell(ticks), percent_cell(share)))
        rows += [
            (
                Cell(f"\N{EM SPACE}{phase.label}"),
                ticks_cell(whole.phases[phase.label]),
                number_cell(whole.phases[phase.label]),
                Cell(percent[phase], whole.phases[phase.label]),
            )
            for phase in sorted(phases, key=lambda each: -whole.phases[each.label])
            if whole.phases[phase.label]
        ]
    strong.add(len(rows))
    total = (Cell("total"), ticks_cell(whole.ticks), number_cell(whole.ticks), Cell("100.0 %", 1.0))
    return PageTable(
        "phases",
        "Phases",
        ("phase", "time", "ticks (ps)", "share"),
        (*rows, total),
        "Every tick of the inference belongs to exactly one phase.",
        is_sortable=False,
        strong=frozenset(strong),
    )


def _operators(whole: Breakdown) -> PageTable:
    columns = ("operator", "op", "time", "share", *ROLL_UP, "MACs", "MAC/s")
    rows = []
    for each in whole.operators:
        parts = [
            sum(each.phases.get(phase.label, 0) for phase in phases) for phases in ROLL_UP.values()
        ]
        rate = each.macs * 1e12 / each.ticks if each.macs and each.ticks else None
        rows.append(
            (
                Cell(each.name),
                Cell(each.op),
                ticks_cell(each.ticks),
                percent_cell(each.ticks / whole.ticks if whole.ticks else 0.0),
                *(ticks_cell(part) if part else EMPTY for part in parts),
                number_cell(each.macs) if each.macs else EMPTY,
                number_cell(rate, ".3e"),
            )
        )
    note = "(none): time that belongs to no operator."
    return PageTable("operators-table", "Operators", columns, tuple(rows), note)


def _accelerators(whole: Breakdown) -> PageTable:
    rows = tuple(row for each in whole.accelerators for row in _accelerator_rows(each, whole))
    columns = ("accelerator", "busy with", "time", "of the inference", "amount")
    return PageTable("accelerators", "Accelerators", columns, rows, is_sortable=False)


def _accelerator_rows(each: AcceleratorTime, whole: Breakdown) -> Iterator[tuple[Cell, ...]]:
    def busy(ticks: int) -> tuple[Cell, Cell]:
        return ticks_cell(ticks), percent_cell(ticks / whole.ticks if whole.ticks else 0.0)

    name = Cell(f"accel{each.instance}")
    yield name, Cell("commands"), *busy(each.command_ticks), Cell(f"{each.commands} commands")
    for unit, ticks in each.unit_ticks.items():
        yield EMPTY, Cell(f"unit {unit}"), *busy(ticks), EMPTY
    moved = ", ".join(
        f"{format_bytes(size)} {name}" for name, size in each.bytes_by_interface.items()
    )
    yield EMPTY, Cell("transfers"), *busy(each.transfer_ticks), Cell(moved)


def _energies(result: RunResult) -> PageTable:
    rows = tuple(
        (Cell(each.name), joules_cell(each.joules), Cell(each.description))
        for each in result.energies
    )
    count = len(result.latencies)
    title = f"Energy of the accelerators, {count} inference{'s' if count != 1 else ''}"
    return PageTable("energies", title, ("part", "energy", "source, in the model's words"), rows)
