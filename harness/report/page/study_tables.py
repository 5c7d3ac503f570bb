"""Tables over many runs: all of them, configurations against the baseline, failures, fronts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.report.analysis.means import geometric_mean
from harness.report.page.content import (
    Cell,
    PageTable,
    bytes_cell,
    joules_cell,
    number_cell,
    scalar_cell,
    text_cell,
    ticks_cell,
)
from harness.report.results.rows import run_row
from harness.report.results.scalars import scalar_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.report.analysis.study import Study
    from harness.report.figures.pareto_points import ParetoData
    from harness.report.results.collection import Scalar
    from harness.report.results.record import RunRecord


def runs_table(records: Sequence[RunRecord]) -> PageTable:
    """Return every run, failed ones included, with what varies between them."""
    settings = [record.setting() for record in records]
    varying = [
        name
        for name in dict.fromkeys(name for setting in settings for name in setting)
        if name != "run" and len({str(setting.get(name)) for setting in settings}) > 1
    ]
    columns = ("run", *varying, "ending", "latency", "ticks (ps)", "energy", "moved", "inferences")
    rows = tuple(
        _run_cells(record, setting, varying)
        for record, setting in zip(records, settings, strict=True)
    )
    note = (
        "Latency and energy of the reported inference; of other gem5 runs the simulated time that"
        " all dumps are about. Runs without success have none."
    )
    return without_empty_columns(PageTable("runs", "Runs", columns, rows, note))


def without_empty_columns(table: PageTable) -> PageTable:
    """Leave out the columns in which no row has anything."""
    kept = [
        place for place in range(len(table.columns)) if any(row[place].text for row in table.rows)
    ]
    rows = tuple(tuple(row[place] for place in kept) for row in table.rows)
    return replace(table, columns=tuple(table.columns[place] for place in kept), rows=rows)


def _run_cells(
    record: RunRecord, setting: Mapping[str, Scalar], varying: Sequence[str]
) -> tuple[Cell, ...]:
    row = run_row(record)
    chosen = (setting.get(name) for name in varying)
    return (
        Cell(record.name),
        *(scalar_cell(each, None if each is None else scalar_number(each)) for each in chosen),
        Cell(record.ending_text),
        ticks_cell(row.get("latency_ticks")),
        number_cell(row.get("latency_ticks")),
        joules_cell(row.get("energy_joules")),
        bytes_cell(row.get("moved_bytes")) if record.is_success else Cell(""),
        number_cell(row.get("inferences")),
    )


def failures_table(records: Sequence[RunRecord]) -> PageTable | None:
    """Return the runs that are no success, by class; None if there are none."""
    failed = [record for record in records if not record.is_success]
    if not failed:
        return None
    rows = tuple(
        (
            Cell(record.ending_text),
            Cell(record.name),
            Cell(", ".join(f"{name}={value}" for name, value in record.setting().items())),
            Cell(record.exit_cause),
            Cell(record.message),
            Cell(str(record.found.path)),
        )
        for record in sorted(failed, key=lambda each: each.ending.value)
    )
    columns = ("class", "run", "parameters", "exit cause", "message", "directory")
    note = f"{len(failed)} of {len(records)} runs; none of their numbers is in a figure or a mean."
    return PageTable("failures", "Runs without success", columns, rows, note)


def configurations_table(study: Study) -> PageTable | None:
    """Return every configuration relative to the baseline; None if there is only one."""
    if len(study.configurations) < 2:
        return None
    many = len(study.workloads) > 1
    columns = (
        *study.axes,
        *(workload or "time" for workload in study.workloads),
        *(f"{workload or 'time'} / baseline" for workload in study.workloads),
        *(("geometric mean of ratios", "workloads in it") if many else ()),
    )
    rows = []
    for configuration in study.configurations:
        cells = [study.cells.get((workload, configuration)) for workload in study.workloads]
        ratios = [study.ratio(workload, configuration) for workload in study.workloads]
        known = [ratio for ratio in ratios if ratio is not None]
        mean = (number_cell(geometric_mean(known), ".4f"), number_cell(len(known)))
        rows.append(
            (
                *(scalar_cell(value, scalar_number(value)) for value in configuration),
                *(ticks_cell(None if cell is None else cell.latency_ticks) for cell in cells),
                *(number_cell(ratio, ".4f") for ratio in ratios),
                *(mean if many else ()),
            )
        )
    base = study.configurations.index(study.baseline)
    note = (
        f"Baseline (bold): {study.full_label(study.baseline)}. Latencies are arithmetic means over"
        " seeds; ratios are averaged geometrically over the workloads that succeeded, whose number"
        " stands beside the mean: compare means of the same number only."
    )
    return PageTable(
        "configurations", "Configurations", columns, tuple(rows), note, strong=frozenset({base})
    )


def front_table(data: ParetoData) -> PageTable:
    """Return the points of the fronts, in the order of their numbers in the figure."""
    rows = tuple(
        (
            text_cell(workload),
            number_cell(point.rank),
            Cell(point.label),
            number_cell(point.x, ".6g"),
            number_cell(point.y, ".6g"),
        )
        for workload, points in data.panels.items()
        for point in sorted(points, key=lambda each: (each.rank, each.label))
        if point.rank
    )
    columns = ("workload", "number", "configuration", data.x_label, data.y_label)
    return without_empty_columns(PageTable("front", "Pareto front", columns, rows))
