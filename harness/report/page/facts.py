"""The few numbers at the top of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.base.units import format_ticks
from harness.report.analysis.normalised import fastest_configuration, mean_ratio
from harness.report.page.content import joules_cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.report.analysis.study import Study
    from harness.report.results.record import RunRecord

    Facts = list[tuple[str, str]]


def run_facts(record: RunRecord) -> Facts:
    """Return how one run ended, and what matters most of it."""
    facts = [("ending", record.ending_text)]
    result = record.result
    if result is None:
        if record.dumped_ticks is not None:
            facts.append(("time of the dumps", format_ticks(record.dumped_ticks)))
        return facts
    if record.latency_ticks is not None:
        facts.append(("latency", format_ticks(record.latency_ticks)))
    if result.breakdown is not None and result.breakdown.ticks:
        whole = result.breakdown
        facts += [
            (part, f"{ticks / whole.ticks * 100:.1f} %") for part, ticks in whole.roll_up.items()
        ]
    if record.energy_joules is not None:
        facts.append(("accelerators' energy", joules_cell(record.energy_joules).text))
    if result.classification is not None:
        names = result.classification
        facts.append(("predicted", ", ".join(names.name(index) for index in names.predicted)))
    if result.reference is not None:
        check = result.reference
        verdict = "equal to" if check.is_equal else f"{check.maximum_ulp} ulp from"
        facts.append(("outputs", f"{verdict} the reference"))
    return facts


def study_facts(records: Sequence[RunRecord], study: Study | None) -> Facts:
    """Return how many runs there are, the baseline, and the fastest configuration."""
    failed = sum(not record.is_success for record in records)
    facts = [("runs", f"{len(records):,}"), ("failed", f"{failed:,}")]
    if study is None or len(study.configurations) < 2:
        return facts
    facts.append(("baseline", study.full_label(study.baseline)))
    fastest = fastest_configuration(study)
    ratio = mean_ratio(study, fastest)
    if ratio < 1:
        many = f", geometric mean of {len(study.workloads)}" if len(study.workloads) > 1 else ""
        facts.append(("fastest", f"{study.full_label(fastest)} ({1 / ratio:.2f} x{many})"))
    return facts
