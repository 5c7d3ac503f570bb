"""Recordings of gem5 runs: replayed without a model, refused by other runs, driven again."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from accel_models.vector_mac_cpp import binary_path
from harness.base.errors import HandshakeError, HarnessError
from harness.bridge.trace import read_trace
from harness.cli.traces import difference_lines, drive_lines
from harness.run.pipeline import FinishedRun, execute
from harness.run.request import RunRequest
from harness.run.spec import RunSpec
from harness.run.validation.bridge import Pair, validate_bridge
from harness.stats.reader import read_stats
from tests.gem5.test_se_runs import Silent, gem5  # noqa: F401 - the fixture that skips

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WORKLOAD = "workloads.micro:conv"
TIMEOUT_S = 280.0

pytestmark = [pytest.mark.gem5, pytest.mark.timeout(300)]


def make_request(path: Path, **options: object) -> RunRequest:
    values = {"workload": WORKLOAD, "cpu": "timing", "timeout_s": TIMEOUT_S, **options}
    values["overrides"] = ("cores=2", *values.get("overrides", ()))  # fewer cores start sooner
    return RunRequest(RunSpec(backend="gem5", **values), output=str(path))  # type: ignore[arg-type]


def run(path: Path, replay: Path | None = None, **options: object) -> FinishedRun:
    request = make_request(path, **options)
    return execute(
        RunRequest(request.spec, output=request.output, replay=replay, force=True), Silent()
    )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    folder = tmp_path_factory.mktemp("recorded")
    request = make_request(folder / "run")
    finished = execute(
        RunRequest(request.spec, output=request.output, record=folder / "trace"), Silent()
    )
    assert finished.exit_code == 0, finished.result.message
    return finished


@pytest.fixture(scope="module")
def trace(recorded: FinishedRun) -> Path:
    return recorded.directory.parent / "trace"


def without_host(path: Path) -> str:
    """Return a stats.txt without the lines about the host's speed and memory."""
    return re.sub(r"^host\w+ .*\n", "", path.read_text(), flags=re.MULTILINE)


def assert_simulates_the_same(recorded: FinishedRun, other: FinishedRun) -> None:
    assert other.exit_code == 0, other.result.message
    assert other.result.latencies == recorded.result.latencies
    assert other.result.breakdown == recorded.result.breakdown
    assert other.result.energies == recorded.result.energies
    assert other.result.exchanges == recorded.result.exchanges
    for name in ("outputs.bin", "marks.bin", "events.bin", "device_timeline.bin"):
        before, now = (each.directory / "m5out" / name for each in (recorded, other))
        assert before.read_bytes() == now.read_bytes(), name
    for name in ("stats.txt", "m5out/stats.txt"):
        assert without_host(recorded.directory / name) == without_host(other.directory / name)


def early_launches(finished: FinishedRun) -> int:
    costs = json.loads((finished.directory / "m5out" / "bridge_costs.json").read_text())
    return int(costs["early_launches"])


def test_a_replay_has_the_same_ticks_outputs_and_statistics(
    tmp_path: Path, recorded: FinishedRun, trace: Path
) -> None:
    assert_simulates_the_same(recorded, run(tmp_path / "run", trace))


def test_a_run_that_launches_commands_early_simulates_the_same(
    tmp_path: Path, recorded: FinishedRun
) -> None:
    live = run(tmp_path / "run")

    assert_simulates_the_same(recorded, live)
    assert early_launches(live) > early_launches(recorded) == 0


def test_a_replay_starts_no_model(tmp_path: Path, trace: Path) -> None:
    finished = run(tmp_path / "run", trace)

    described = json.loads((finished.directory / "run.json").read_text())
    assert described["gem5"]["model"]["argv"] == []
    assert not list((finished.directory / "m5out").glob("bridge-*"))
    notes = json.loads((finished.directory / "m5out" / "host_costs.json").read_text())
    assert [each["model_cpu_seconds"] for each in notes] == [0.0, 0.0]


OTHER_RUNS: dict[str, dict[str, object]] = {
    "another network": {"workload": "workloads.micro:matrix"},
    "another cache": {"overrides": ("l2.size=64KiB", "dma.setup=1us")},
    "another model mode": {"mode": "exact"},
    "more inferences": {"repeat": 2},
}


@pytest.mark.parametrize("other", OTHER_RUNS)
def test_a_recording_of_another_run_is_refused_where_it_differs(
    tmp_path: Path, trace: Path, other: str
) -> None:
    finished = run(tmp_path / "run", trace, **OTHER_RUNS[other])

    assert finished.exit_code == 1
    assert finished.result.exit_cause == "replay diverged", finished.result.message
    assert "trace" in finished.result.message
    assert "way out" in finished.result.message
    assert read_stats(finished.directory / "stats.txt")


def test_a_recording_that_is_cut_off_is_refused_before_anything_runs(
    tmp_path: Path, trace: Path
) -> None:
    part = tmp_path / "part"
    part.write_bytes(trace.read_bytes()[:-7])

    with pytest.raises(HarnessError, match="the trace is cut off"):
        run(tmp_path / "run", part)
    assert not (tmp_path / "run").exists()


def test_two_recordings_of_a_run_are_equal(tmp_path: Path, trace: Path) -> None:
    request = make_request(tmp_path / "run")
    again = tmp_path / "trace"
    execute(RunRequest(request.spec, output=request.output, record=again), Silent())

    assert again.read_bytes() == trace.read_bytes()
    assert difference_lines(trace, again) == []


def test_a_recording_of_gem5_says_what_was_simulated(recorded: FinishedRun, trace: Path) -> None:
    read = read_trace(trace)
    assert len(read.exchanges) == recorded.result.exchanges
    assert read.hello.instances == 1


def test_a_recording_of_gem5_drives_the_python_and_the_cpp_model(trace: Path) -> None:
    assert drive_lines(trace, "vector_mac", "inproc")[0]
    try:
        program = str(binary_path())
    except HandshakeError as error:
        pytest.skip(str(error))
    assert drive_lines(trace, program, "ipc")[0]


def test_the_bridges_share_of_the_host_time_is_measured_by_live_runs_and_replays(
    tmp_path: Path,
) -> None:
    requests: list[RunRequest] = []
    pairs: list[Pair] = []

    def remembered(request: RunRequest) -> FinishedRun:
        requests.append(request)
        return execute(request, Silent())

    report = _share(make_request(tmp_path / "unused", repeat=2), tmp_path, remembered, pairs)

    assert [bool(each.replay) for each in requests] == [False, False, True]
    assert [bool(each.record) for each in requests] == [True, False, False]
    assert report.pairs == tuple(pairs)
    assert pairs[0].live.model_cpu_seconds > 0
    assert pairs[0].replay.model_cpu_seconds == 0
    assert 0 < pairs[0].live.cpu_seconds <= pairs[0].live.wall_seconds * 2
    assert json.loads((tmp_path / "bridge_share.json").read_text())["pairs"]


def _share(
    request: RunRequest,
    folder: Path,
    run_one: Callable[[RunRequest], FinishedRun],
    pairs: list[Pair],
) -> object:
    return validate_bridge(request, folder, 1, run_one, pairs.append)
