"""Formulas of `harness calibrate`: each gives back the cost that made the measurements."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.base.errors import StatsError
from harness.kernels.costs import routine_cost
from harness.run.calibration import formulas
from harness.run.calibration.document import Origin, calibration_text
from harness.run.calibration.measurement import (
    Measured,
    Sample,
    Submissions,
    read_samples,
    submissions,
)
from harness.run.validation.soc_grid import read_grid
from harness.stats.phases import Phase
from harness.stats.timeline import NO_INDEX, TIMELINE_DTYPE, TimelineKind
from harness.target import load_target, read_calibration

if TYPE_CHECKING:
    from pathlib import Path

COUNTER = 60
ROWS = 512
CYCLE_TICKS = 400


def _sample(units: int, cycles: float) -> Sample:
    return Sample(units, (round(cycles) + COUNTER,) * 3)


def _reshape_instructions() -> float:
    cost = routine_cost("reshape")
    return cost.call + ROWS * (cost.row + cost.unit)


@pytest.fixture
def measured() -> Measured:
    """A core of 2 cycles per instruction whose loads overlap three times."""
    samples = {
        "counter": Sample(1, (COUNTER,)),
        "routine.reshape": _sample(ROWS, 2 * _reshape_instructions()),
        "load.chain": _sample(100, 30_000),
        "load.miss": _sample(100, 10_000),
        "store.miss": _sample(100, 29_000),
        "copy.512.hot": _sample(512, 100 + 8 * 40),
        "copy.4096.hot": _sample(4096, 100 + 64 * 40),
        "register.read": _sample(32, 32 * 250),
        "poll": _sample(32, 32 * 260),
        "flush.clean": _sample(128, 128 * 90),
        "flush.dirty": _sample(128, 128 * 95),
        "fence": _sample(1, 5),
        "handoff": _sample(1, 7_000),
    }
    made = Submissions((40_000, 42_000, 90_000), (900_000,), (60_000,), (700_000,), (3_000_000,))
    soc = replace(made, first=(650_000,))
    return Measured(load_target("smaug"), samples, made, soc, is_full_system=True)


def test_costs_of_a_core_come_back(measured: Measured) -> None:
    assert formulas.cycles_per_instruction(measured) == pytest.approx(2, rel=1e-3)
    assert formulas.maximum_outstanding_misses(measured) == 3
    assert formulas.maximum_outstanding_stores(measured) == 1
    assert formulas.store_line(measured) == "40 cycles"
    assert formulas.thread_handoff(measured) == f"{7_000 * CYCLE_TICKS} ps"


def test_loads_that_overlap_near_the_targets_bound_leave_it(measured: Measured) -> None:
    samples = {**measured.samples, "load.miss": _sample(100, 30_000 / 9)}
    assert formulas.maximum_outstanding_misses(replace(measured, samples=samples)) is None


def test_costs_of_registers_come_back(measured: Measured) -> None:
    assert formulas.uncached_read(measured) == f"{250 * CYCLE_TICKS} ps"
    assert formulas.uncached_write(measured) == f"{250 * CYCLE_TICKS} ps"
    assert formulas.poll_interval(measured) == f"{260 * CYCLE_TICKS} ps"
    assert formulas.doorbell(measured) == f"{250 * CYCLE_TICKS - 60_000} ps"


def test_a_flush_costs_what_its_way_does_not_explain(measured: Measured) -> None:
    rest = 90 - formulas.round_trip_cycles(measured)
    assert rest > 0
    assert formulas.flush_line(measured) == f"{round(rest)} cycles"
    assert formulas.flush_maximum_outstanding(measured) == 1


def test_an_operating_system_costs_nothing_where_there_is_none(measured: Measured) -> None:
    assert formulas.interrupt_latency(measured) == "700000 ps"
    assert formulas.wakeup(measured) == "3000000 ps"
    emulated = replace(measured, is_full_system=False)
    assert formulas.interrupt_latency(emulated) == "0 ns"
    assert formulas.wakeup(emulated) == "0 ns"


def test_submit_is_what_the_embedded_soc_lacks(measured: Measured) -> None:
    assert formulas.submit(measured) == "250000 ps"
    with pytest.raises(StatsError):
        formulas.submit(replace(measured, soc=None))


def test_a_calibration_reads_back_as_what_was_fitted(measured: Measured, tmp_path: Path) -> None:
    origin = Origin("smaug", "fs", "o3", "24.0", "a" * 64, "b" * 64, "micro")
    values = [(each, each.formula(measured)) for each in formulas.PARAMETERS]
    kept = [(each, value) for each, value in values if value is not None]
    path = tmp_path / "mine.toml"
    path.write_text(calibration_text(origin, kept, measured, []), encoding="utf-8")

    target = load_target("smaug", read_calibration(path))

    assert target.cpu.store_line_cycles == 40
    assert target.cpu.maximum_outstanding_misses == 3
    assert target.driver.wakeup_ticks == 3_000_000


def test_a_grid_takes_a_calibration_and_set_comes_after_it(tmp_path: Path) -> None:
    path = tmp_path / "grid.toml"
    path.write_text(
        'workload = "minerva"\nmode = "se"\ncalibration = "o3-se"\n'
        '[set]\n"cpu.step_dispatch" = "1 us"\n'
    )
    (point,) = read_grid(path).points
    target = load_target(point.spec.target, point.spec.overrides)

    assert point.name == "minerva"
    assert target.cpu.step_dispatch_ticks == 1_000_000
    expected = load_target("smaug", read_calibration("o3-se"))
    assert target.driver == expected.driver


def test_a_report_without_measurements_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    for text in ("", "{}", '{"micro": {}}', '{"micro": {"poll": {"units": 0, "cycles": [1]}}}'):
        path.write_text(text)
        with pytest.raises(StatsError):
            read_samples(path)
    path.write_text(json.dumps({"micro": {"poll": {"units": 2, "cycles": [1, 5, 3]}}}))
    assert read_samples(path)["poll"].median == 3


def test_first_submissions_and_wakeups_are_found_in_a_timeline() -> None:
    host, wait = TimelineKind.HOST, TimelineKind.HOST_WAIT
    rows = [
        (0, 40, host, Phase.DISPATCH),
        (40, 140, host, Phase.DRIVER),
        (110, 300, TimelineKind.COMMAND, 0),
        (140, 180, host, Phase.DISPATCH),
        (180, 260, host, Phase.DRIVER),  # the ring was not empty
        (260, 400, wait, 1),
        (300, 330, TimelineKind.INTERRUPT, 0),
    ]
    timeline = np.zeros(len(rows), TIMELINE_DTYPE)
    timeline["operator"] = NO_INDEX
    for record, (begin, end, kind, detail) in zip(timeline, rows, strict=True):
        record["begin"], record["end"], record["kind"], record["detail"] = begin, end, kind, detail

    found = submissions(timeline)

    assert found == Submissions((40, 40), (100,), (30,), (30,), (70,))
