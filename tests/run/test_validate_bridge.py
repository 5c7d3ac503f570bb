"""The bridge's share of gem5's host time, from runs whose costs are known."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from harness.base.errors import BackendError, SpecError, StatsError
from harness.run.gem5.command import BRIDGE_COSTS
from harness.run.gem5.host_costs import BEGINS, ENDS, HOST_COSTS, HostCosts, read_host_costs
from harness.run.request import RunRequest
from harness.run.spec import RunSpec
from harness.run.validation.bridge import Pair, validate_bridge

if TYPE_CHECKING:
    from collections.abc import Sequence

MODEL_S = 0.5
REPLAY_S = 4.0
EXCHANGE_S = 0.25


def write_costs(output: Path, inferences: Sequence[tuple[float, float, float]]) -> None:
    """Write inferences of (wall, CPU, model) seconds, with a second before and between them."""
    output.mkdir(parents=True, exist_ok=True)
    now, notes = [1.0, 1.0, 1.0], []
    for number, seconds in enumerate(inferences):
        for cause, spent in ((BEGINS, (1.0, 1.0, 1.0)), (ENDS, seconds)):
            now = [before + more for before, more in zip(now, spent, strict=True)]
            names = ("wall_seconds", "cpu_seconds", "model_cpu_seconds")
            notes.append({"cause": cause, "code": number, **dict(zip(names, now, strict=True))})
    (output / HOST_COSTS).write_text(json.dumps(notes))
    costs = {"exchanges": 58, "waited_seconds": 0.1, "cpu_seconds": EXCHANGE_S}
    (output / BRIDGE_COSTS).write_text(json.dumps(costs))


class FakeGem5:
    """Runs that take known host seconds; `bridges` are the bridge's in each live run."""

    def __init__(self, bridges: Sequence[float], latencies: Sequence[int] = ()) -> None:
        self.requests: list[RunRequest] = []
        self._bridges = [0.0, *bridges]  # the recorded run is not measured
        self._latencies = list(latencies)

    def __call__(self, request: RunRequest) -> Any:
        self.requests.append(request)
        directory = Path(request.output or "")
        bridge, model = 0.0, 0.0
        if request.replay is None:
            bridge, model = self._bridges.pop(0), MODEL_S
        cpu = REPLAY_S + bridge
        write_costs(directory / "m5out", [(cpu + model, cpu, model)])
        latency = self._latencies.pop(0) if self._latencies else 7
        result = SimpleNamespace(is_success=True, latencies=(latency,), exchanges=58)
        return SimpleNamespace(exit_code=0, directory=directory, result=result)


def request() -> RunRequest:
    return RunRequest(RunSpec(workload="lenet5", backend="gem5"))


def make_trace(folder: Path) -> Path:
    (folder / "session.trace").write_bytes(b"")
    return folder


def test_costs_are_those_of_inferences_only(tmp_path: Path) -> None:
    write_costs(tmp_path, [(3.0, 2.0, 0.25), (1.0, 0.5, 0.125)])
    assert read_host_costs(tmp_path) == HostCosts(4.0, 2.5, 0.375, EXCHANGE_S)


def test_costs_that_are_cut_off_are_refused(tmp_path: Path) -> None:
    write_costs(tmp_path, [(1.0, 1.0, 0.0), (1.0, 1.0, 0.0)])
    notes = json.loads((tmp_path / HOST_COSTS).read_text())
    (tmp_path / HOST_COSTS).write_text(json.dumps(notes[:-1]))
    with pytest.raises(StatsError, match="lack an inference"):
        read_host_costs(tmp_path)
    with pytest.raises(StatsError, match="cannot be read"):
        read_host_costs(tmp_path / "nowhere")
    write_costs(tmp_path, [(1.0, 1.0, 0.0)])
    (tmp_path / BRIDGE_COSTS).write_text("{}")
    with pytest.raises(StatsError, match="cannot be read"):
        read_host_costs(tmp_path)


def test_the_share_is_what_neither_replay_nor_model_explains() -> None:
    pair = Pair(HostCosts(5.0, 4.25, 0.5, 0.125), HostCosts(4.0, 4.0, 0.0, 0.25))
    assert pair.cpu_share == pytest.approx(0.25 / 4.75)
    assert pair.whole_cpu_share == pytest.approx(0.5 / 4.75)
    assert pair.wall_share == pytest.approx(0.5 / 5.0)


def test_the_median_pair_decides_and_live_runs_and_replays_take_turns(tmp_path: Path) -> None:
    gem5, pairs = FakeGem5([0.1, 3.0, 0.2]), []
    report = validate_bridge(request(), make_trace(tmp_path), 3, gem5, pairs.append)

    assert report.cpu_share == pytest.approx(0.2 / (REPLAY_S + 0.2 + MODEL_S))
    assert report.wall_share == pytest.approx(0.2 / (REPLAY_S + 0.2 + MODEL_S))
    assert report.whole_cpu_share == pytest.approx((0.2 + EXCHANGE_S) / (REPLAY_S + 0.2 + MODEL_S))
    assert report.is_within
    assert len(pairs) == 3
    assert [each.replay is not None for each in gem5.requests[1:]] == [False, True] * 3
    assert [each.record is not None for each in gem5.requests] == [True, *[False] * 6]
    saved = json.loads((tmp_path / "bridge_share.json").read_text())
    assert saved["cpu_share"] == report.cpu_share


def test_a_share_at_the_limit_is_outside(tmp_path: Path) -> None:
    gem5 = FakeGem5([REPLAY_S])
    report = validate_bridge(request(), make_trace(tmp_path), 1, gem5, print, limit=0.1)
    assert not report.is_within
    assert "OUTSIDE the limits" in report.lines()


def test_runs_that_simulate_something_else_are_not_compared(tmp_path: Path) -> None:
    gem5 = FakeGem5([0.0], latencies=(7, 7, 8))
    with pytest.raises(BackendError, match="other ticks"):
        validate_bridge(request(), make_trace(tmp_path), 1, gem5, print)


def test_nothing_to_measure_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="at least 1"):
        validate_bridge(request(), tmp_path, 0, FakeGem5([]), print)
    soc = RunRequest(RunSpec(workload="lenet5"))
    with pytest.raises(SpecError, match="on gem5"):
        validate_bridge(soc, tmp_path, 1, FakeGem5([]), print)
