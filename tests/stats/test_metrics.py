"""Metrics: one name for many, units that must come out, no silent sums."""

from __future__ import annotations

import math

import pytest

from harness.base.errors import StatsError
from harness.stats.metrics.declarations import METRICS, Metric
from harness.stats.metrics.dimension import dimension_of
from harness.stats.metrics.evaluation import MetricValue, evaluate, known_metrics, parse_metric
from harness.stats.metrics.expression import parse_expression
from harness.stats.reader import parse_stats
from tests.stats.gem5_text import BEGIN, END


def _metric(lines: str, name: str, *own: str) -> MetricValue:
    (dump,) = parse_stats(f"{BEGIN}{lines}\n{END}")
    (value,) = evaluate(dump, [name], known_metrics(map(parse_metric, own)))
    return value


V24 = """simSeconds 0.5 # s (Second)
simTicks 500000000000 # t (Tick)
hostSeconds 10 # h (Second)
hostMemory 2048 # m (Byte)
simInsts 4000 # i (Count)
system.cpu0.numCycles 2000 # c (Cycle)
system.cpu1.numCycles 1000 # c (Cycle)
system.cpu0.icache.demandMisses::total 6 # m (Count)
system.cpu1.icache.demandMisses::total 2 # m (Count)
system.cpu0.icache.demandMisses::cpu0.inst 6 # m (Count)
system.cpu0.branchPred.mispredicted_0::total 12 # b (Count)
system.mem_ctrl.dram.dramBytesRead 1000 # b (Byte)
system.mem_ctrl.dram.bytesRead::total 1000 # b (Byte)
system.mem_ctrl.dram.readRowHits 30 # b (Count)
system.mem_ctrl.dram.readBursts 40 # b (Count)
system.mem_ctrl.dram.rank0.totalEnergy 3000000000000 # Total energy per rank (pJ) (Joule)"""

V20 = """sim_seconds 0.5 # s
host_seconds 10 # h
host_mem_usage 2048 # m
sim_insts 4000 # i
system.cpu0.numCycles 2000 # c
system.cpu1.numCycles 1000 # c
system.cpu0.icache.demand_misses::total 6 # m
system.cpu1.icache.demand_misses::total 2 # m
system.cpu0.branchPred.condIncorrect 12 # b
system.mem_ctrls.bytesReadDRAM 1000 # b
system.mem_ctrls.readRowHits 30 # b
system.mem_ctrls.readBursts 40 # b
system.mem_ctrls_0.totalEnergy 3000000000000 # Total energy per rank (pJ)"""

V20_BOARD = V20.replace("system.cpu0.icache", "board.cache_hierarchy.l1icaches0").replace(
    "system.cpu1.icache", "board.cache_hierarchy.l1icaches1"
)


@pytest.mark.parametrize(("text", "is_checked"), [(V24, True), (V20, False), (V20_BOARD, False)])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("instructions", 4000),
        ("cycles", 2000),
        ("ipc", 4000 / 2000),
        ("cpi", (2000 + 1000) / 4000),
        ("l1i_mpki", 1000 * (6 + 2) / 4000),
        ("branch_mpki", 1000 * 12 / 4000),
        ("dram_read_bandwidth", 1000 / 0.5),
        ("dram_row_hit_rate", 30 / 40),
        ("dram_energy", 3.0),
        ("dram_power", 3.0 / 0.5),
        ("host_kips", 4000 / 10 / 1000),
        ("slowdown", 10 / 0.5),
        ("host_memory", 2048 * 1024),
    ],
)
def test_one_name_serves_all_releases(
    text: str, name: str, value: float, *, is_checked: bool
) -> None:
    found = _metric(text, name)

    assert found.value == pytest.approx(value)
    assert found.is_unit_checked is is_checked or name in {"dram_energy", "host_memory"}


def test_a_scalar_and_a_vector_of_one_name_are_not_added() -> None:
    both = (
        "simSeconds 1\nsystem.mem_ctrls.dram.bytesRead 64\nsystem.mem_ctrls.dram.bytesRead::total 9"
    )

    assert _metric(both, "dram_read_bandwidth").value == 64


def test_a_metric_without_its_statistics_is_nan_and_says_so() -> None:
    found = _metric("simTicks 1", "ipc")

    assert math.isnan(found.value)
    assert not found.is_there


def test_several_statistics_need_a_function() -> None:
    lines = "a0.x 1 # t (Count)\na1.x 5 # t (Count)"

    with pytest.raises(StatsError, match="matches 2 statistics"):
        _metric(lines, "m", "m = a*.x")
    for function, value in (("sum", 6), ("mean", 3), ("max", 5), ("min", 1), ("optional", 6)):
        assert _metric(lines, "m", f"m = {function}(a*.x)").value == value
    assert _metric(lines, "m", "m = 7 + optional(b*.x)").value == 7


def test_units_must_come_out() -> None:
    lines = "a 6 # t (Count)\nb 2 # t (Cycle)\nc 3 # t (Count)"

    assert _metric(lines, "m", "m [(Count/Cycle)] = a / b").is_unit_checked
    assert _metric(lines, "m", "m = a / b").unit == "(Count/Cycle)"
    assert _metric(lines, "m", "m = a / c").unit == "Ratio"
    with pytest.raises(StatsError, match="does not come out in its unit"):
        _metric(lines, "m", "m [Second] = a / b")
    with pytest.raises(StatsError, match="cannot be added"):
        _metric(lines, "m", "m = a + b")


def test_a_watt_is_a_joule_a_second() -> None:
    lines = "e 6 # t (Joule)\ns 2 # t (Second)\nw 4 # t (Watt)"

    assert _metric(lines, "m", "m [Watt] = e / s").value == 3
    assert _metric(lines, "m", "m [Watt] = e / s + w").value == 7


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 + 3 * 4", 14),
        ("( 2 + 3 ) * 4", 20),
        ("12 / 2 / 3", 2),
        ("1 - 2 - 3", -4),
        ("1 / 0", math.inf),
    ],
)
def test_operators_bind_as_everywhere(expression: str, value: float) -> None:
    assert _metric("a 1", "m", f"m = {expression}").value == value


@pytest.mark.parametrize(
    "text", ["", "a +", "( a", "a )", "a b", "f(a)", "* a", "sum(a", "sum()", "+ a"]
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(StatsError):
        parse_expression(text)


@pytest.mark.parametrize("text", ["ipc", "= a", "m =", "a-b = c", "m [Apple] = a"])
def test_what_declares_no_metric_is_refused(text: str) -> None:
    with pytest.raises(StatsError):
        parse_metric(text)


def test_metrics_that_are_not_there_are_named() -> None:
    with pytest.raises(StatsError, match='no metric "ipcs"'):
        _metric("a 1", "ipcs")
    with pytest.raises(StatsError, match='no metric "b"'):
        _metric("a 1", "m", "m = @b / a")
    with pytest.raises(StatsError, match="declared by itself"):
        _metric("a 1", "m", "m = @m / a")


def test_a_statistic_that_stands_twice_is_not_guessed() -> None:
    with pytest.raises(StatsError, match="more than once"):
        _metric("a 1\na 2", "m", "m = a / 2")
    assert _metric("a 2\na 2", "m", "m = a / 2").value == 1


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_declaration_parses(metric: Metric) -> None:
    assert metric.formulas
    assert dimension_of(metric.unit).is_known
    for formula in metric.formulas:
        parse_expression(formula)


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("Count", "Count"),
        ("(Byte/Second)", "(Byte/Second)"),
        ("((Count/Cycle)/Cycle)", "(Count/Cycle^2)"),
        ("(Count/Count)", "Ratio"),
        ("Watt", "(Joule/Second)"),
        ("(Ratio/Second)", "(1/Second)"),
        ("Unspecified", "unknown"),
    ],
)
def test_units_are_reduced(unit: str, text: str) -> None:
    assert str(dimension_of(unit)) == text


def test_instructions_are_the_dumps_not_those_since_the_start() -> None:
    """Lines of a real run's second dump (v24.0): gem5 says an IPC of 0.091287 itself."""
    second = """simTicks 2000000000 # Number of ticks simulated (Tick)
simInsts 366961 # Number of instructions simulated (Count)
system.cpu.numCycles 2000047 # Number of cpu cycles simulated (Cycle)
system.cpu.commitStats0.numInsts 182578 # Number of instructions committed (Count)"""

    assert _metric(second, "instructions").value == 182578
    assert _metric(second, "ipc").value == pytest.approx(0.091287, abs=1e-6)
