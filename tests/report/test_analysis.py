"""What figures show is derived here by hand: means, baselines, what is dropped, fronts, slices."""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path
from statistics import geometric_mean as reference_geometric_mean
from statistics import harmonic_mean as reference_harmonic_mean
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.analysis.means import arithmetic_mean, geometric_mean, harmonic_mean
from harness.report.analysis.normalised import MOST_CONFIGURATIONS, mean_ratio, normalise
from harness.report.analysis.occupancy import _covered
from harness.report.analysis.pareto import pareto_front
from harness.report.analysis.roofline import attainable, operator_points, roofs, run_point
from harness.report.analysis.slices import heat_map, sensitivities
from harness.report.analysis.study import Study, make_study
from harness.report.results.collection import FoundRun, Kind, find_runs
from harness.report.results.record import RunRecord, read_record
from harness.report.results.scalars import scalar_number, sort_key
from harness.run.ending import Ending
from harness.run.result import RunResult, read_result
from harness.stats.breakdown import Breakdown
from harness.stats.phases import Phase, roll_up

if TYPE_CHECKING:
    from harness.report.results.collection import Scalar

positive = st.floats(1e-3, 1e3)


def record(latency: int | None, **parameters: Scalar) -> RunRecord:
    """Return a run that computes half of its time and transfers the rest; None: it failed."""
    found = FoundRun(str(parameters), Path("x"), Kind.RUN, "s", 0, parameters)
    if latency is None:
        return RunRecord(found, Ending.CRASH)
    phases = {phase.label: 0 for phase in Phase}
    phases["compute"] = latency // 2
    phases["transfer"] = latency - latency // 2
    parts = roll_up({phase: phases[phase.label] for phase in Phase})
    breakdown = Breakdown(0, latency, phases, parts, (), ())
    result = RunResult("finished", True, latencies=(latency,), breakdown=breakdown)
    return RunRecord(found, Ending.SUCCESS, result=result)


def study(*records: RunRecord, **baseline: str) -> Study:
    made = make_study(records, baseline)
    assert made is not None
    return made


@given(st.lists(positive, min_size=1, max_size=20))
def test_means_are_the_textbooks(values: list[float]) -> None:
    assert geometric_mean(values) == pytest.approx(reference_geometric_mean(values))
    assert harmonic_mean(values) == pytest.approx(reference_harmonic_mean(values))
    ordered = [harmonic_mean(values), geometric_mean(values), arithmetic_mean(values)]
    assert ordered == pytest.approx(sorted(ordered))


def test_means_of_nothing_are_no_numbers() -> None:
    assert math.isnan(arithmetic_mean([]))
    assert math.isnan(geometric_mean([]))
    assert math.isnan(geometric_mean([1, 0]))
    assert math.isnan(harmonic_mean([1, -1]))


def test_bars_are_relative_to_the_same_workloads_baseline() -> None:
    bars = normalise(
        study(
            record(100, workload="a", n=1),
            record(50, workload="a", n=2),
            record(1000, workload="b", n=1),
            record(250, workload="b", n=2),
        )
    )

    assert bars.configurations == ((1,), (2,))
    assert sum(bars.stacks["a", (1,)].values()) == 1
    assert bars.stacks["a", (2,)]["compute"] == 0.25
    assert bars.stacks["b", (2,)]["transfer"] == 0.125
    assert bars.means[(2,)] == pytest.approx(math.sqrt(0.5 * 0.25))
    assert bars.notes == ()


def test_a_workload_without_its_baseline_is_dropped_and_said() -> None:
    bars = normalise(
        study(
            record(100, workload="a", n=1),
            record(50, workload="a", n=2),
            record(None, workload="b", n=1),
            record(250, workload="b", n=2),
        )
    )

    assert bars.workloads == ("a",)
    assert any("b is left out" in note for note in bars.notes)
    assert bars.means == {}


def test_the_mean_is_over_complete_workloads_only_and_says_so() -> None:
    bars = normalise(
        study(
            *(record(100 * (i + 1), workload=w, n=1) for i, w in enumerate("abc")),
            *(record(50, workload=w, n=2) for w in "ab"),
            record(None, workload="c", n=2),
        )
    )

    assert bars.mean_workloads == ("a", "b")
    assert bars.means[(2,)] == pytest.approx(math.sqrt(0.5 * 0.25))
    assert any("c, n=2" in note for note in bars.notes)
    assert any("over a, b" in note for note in bars.notes)


def test_seeds_are_merged_by_their_arithmetic_mean() -> None:
    made = study(
        record(100, workload="a", n=1, seed=1),
        record(300, workload="a", n=1, seed=2),
        record(100, workload="a", n=2, seed=1),
        record(100, workload="a", n=2, seed=2),
    )

    assert list(made.axes) == ["n"]
    assert made.cells["a", (1,)].latency_ticks == 200
    assert made.cells["a", (1,)].spread_ticks == (100, 300)
    assert made.ratio("a", (2,)) == 0.5


def test_many_configurations_are_cut_to_neighbours_and_the_fastest() -> None:
    made = study(
        *(record(1000 - 10 * a - b, workload="w", a=a, b=b) for a, b in product(range(6), range(6)))
    )
    bars = normalise(made)

    assert made.baseline == (0, 0)
    assert (5, 5) in bars.configurations
    assert len(bars.configurations) <= MOST_CONFIGURATIONS
    near = [each for each in bars.configurations if each != (5, 5)]
    assert all(0 in each for each in near)
    assert "of 36 configurations" in bars.notes[0]


def test_a_configuration_that_failed_somewhere_is_never_the_fastest() -> None:
    made = study(
        record(100, workload="a", n=1),
        record(100, workload="b", n=1),
        record(1, workload="a", n=2),
        record(None, workload="b", n=2),
    )

    assert mean_ratio(made, (2,)) == math.inf


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=30))
def test_the_front_is_what_no_point_dominates(points: list[tuple[int, int]]) -> None:
    def dominates(a: tuple[int, int], b: tuple[int, int]) -> bool:
        return a[0] <= b[0] and a[1] <= b[1] and a != b

    expected = {i for i, p in enumerate(points) if not any(dominates(q, p) for q in points)}
    front = pareto_front(points)

    assert set(front) == expected
    assert [points[i][0] for i in front] == sorted(points[i][0] for i in front)


def test_lines_hold_the_rest_at_the_baseline() -> None:
    made = study(
        *(
            record(100 * n + k, workload="w", n=n, kind=kind, k=k)
            for kind in ("x", "y")
            for n in (1, 2, 8)
            for k in (0, 5)
        )
    )
    by_axis = {each.axis: each for each in sensitivities(made)}

    assert set(by_axis) == {"n", "k"}
    lines = by_axis["n"].panels["w"]
    assert by_axis["n"].series == "kind"
    assert by_axis["n"].is_log
    assert [line.label for line in lines] == ["x", "y"]
    assert lines[0].positions == (1, 2, 8)
    assert lines[0].ticks == (100, 200, 800)
    assert len(by_axis["n"].others["w"]) == 6


def test_a_heat_map_has_a_gap_where_a_run_failed() -> None:
    made = study(
        *(
            record(None if (n, k) == (2, 1) else 10 * n + k, workload="w", n=n, k=k)
            for n in (1, 2, 4)
            for k in (0, 1)
        )
    )
    grid = heat_map(made)
    assert grid is not None

    assert (grid.columns, grid.rows) == ("n", "k")
    assert grid.ticks["w"][0] == (10, 20, 40)
    assert grid.ticks["w"][1][0] == 11
    assert math.isnan(grid.ticks["w"][1][1])


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (4, 4),
        ("512 KiB", 2**19),
        ("64kB", 2**16),
        ("2.5 GHz", 2.5e9),
        ("20 cycles", 20),
        ("3", 3),
        ("dma", None),
        (True, None),
        ("1 parsec", None),
    ],
)
def test_parameters_become_numbers(value: Scalar, number: float | None) -> None:
    assert scalar_number(value) == number


def test_values_are_ordered_as_people_order_them() -> None:
    texts: list[Scalar] = ["2 MiB", "dma", "512 KiB", "acp", "64 KiB"]
    assert sorted(texts, key=sort_key) == ["64 KiB", "512 KiB", "2 MiB", "acp", "dma"]


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 10)), max_size=30))
def test_slices_cover_what_the_intervals_cover(spans: list[tuple[int, int]]) -> None:
    begins = np.array([b for b, _ in spans], dtype=np.int64)
    ends = np.array([b + n for b, n in spans], dtype=np.int64)
    edges = np.linspace(0, 100, 11)
    wanted = [
        sum(max(0, min(b + n, hi) - max(b, hi - 10)) for b, n in spans) for hi in range(10, 101, 10)
    ]

    assert _covered(begins, ends, edges) == pytest.approx(wanted)


def test_rooflines_come_from_the_runs_files(run: Path) -> None:
    (found,) = find_runs([run])
    own = read_record(found)
    limits = {roof.name: roof for roof in roofs(own)}
    target = own.manifest["target"]
    clock_hz = target["accelerator"]["clock_hz"]
    result = read_result(run)
    assert result.breakdown is not None

    assert limits["2 accelerators"].per_second == 8 * 32 * 2 * clock_hz
    dram = limits[f"DRAM {target['dram']['name']}"]
    assert dram.per_second == 64 / (target["dram"]["tBURST_ticks"] * 1e-12)
    whole = run_point(own, "all")
    assert whole is not None
    moved = sum(sum(a.bytes_by_interface.values()) for a in result.breakdown.accelerators)
    assert whole.moved_bytes == moved
    assert sum(point.macs for point in operator_points(own)) == whole.macs
    for point in [*operator_points(own), whole]:
        assert point.macs_per_second <= attainable(point.intensity, point.limits)
