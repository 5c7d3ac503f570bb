"""Whole runs on the real gem5, if this machine has one with our extension."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.run.pipeline import FinishedRun, execute
from harness.run.request import RunRequest
from harness.run.spec import RunSpec
from harness.stats.reader import read_stats
from tests.gem5.gem5_runs import gem5_obstacle
from tests.listeners import Silent

if TYPE_CHECKING:
    from pathlib import Path

WORKLOAD = "workloads.micro:conv"
SIMULATION_TIMEOUT_S = 280.0

pytestmark = [pytest.mark.gem5, pytest.mark.timeout(300)]


@pytest.fixture(scope="session", autouse=True)
def gem5() -> None:
    """Skip where there is no gem5 with our extension, and say why."""
    if obstacle := gem5_obstacle():
        pytest.skip(obstacle)


def run(path: Path, **options: object) -> FinishedRun:
    values = {"backend": "gem5", "cpu": "timing", "timeout_s": SIMULATION_TIMEOUT_S, **options}
    values["overrides"] = ("cores=2", *values.get("overrides", ()))  # fewer cores start sooner
    spec = RunSpec(workload=WORKLOAD, **values)  # type: ignore[arg-type]
    return execute(RunRequest(spec, output=str(path)), Silent())


@pytest.fixture(scope="module")
def soc(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    spec = RunSpec(workload=WORKLOAD, transport="inproc")
    return execute(RunRequest(spec, output=str(tmp_path_factory.mktemp("s") / "run")), Silent())


def hashes(finished: FinishedRun) -> list[str]:
    return [each.sha256 for each in finished.result.outputs]


SETTINGS = {
    "timing": {},
    "o3, polling": {"cpu": "o3", "overrides": ("wait=polling",)},
    "coherent dma, two threads": {"overrides": ("coherent=true",), "threads": 2},
    "acp": {"overrides": ("interface=acp",)},
    "cache, four accelerators": {"overrides": ("interface=cache", "accelerators=4")},
    "pinned memory": {"overrides": ("memory=pinned",)},
    "pinned memory, acp, exact mode": {
        "overrides": ("memory=pinned", "interface=acp"),
        "mode": "exact",
    },
    "submission by ioctl, exact mode": {"submission": "ioctl", "mode": "exact"},
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_outputs_equal_the_embedded_socs_and_phases_add_up(
    tmp_path: Path, soc: FinishedRun, setting: str
) -> None:
    finished = run(tmp_path / "run", **SETTINGS[setting])
    result = finished.result

    assert finished.exit_code == 0, result.message
    assert hashes(finished) == hashes(soc)
    assert result.reference is not None
    assert result.reference.is_equal
    assert result.breakdown is not None
    assert sum(result.breakdown.phases.values()) == result.latencies[0]
    assert result.breakdown.phases["compute"] > 0


def test_the_tlb_misses_as_often_as_on_the_embedded_soc(tmp_path: Path) -> None:
    overrides = ("memory=pinned", "accelerator.tlb_entries=4")
    finished = run(tmp_path / "gem5", overrides=overrides)
    spec = RunSpec(workload=WORKLOAD, transport="inproc", overrides=overrides)
    soc = execute(RunRequest(spec, output=str(tmp_path / "soc")), Silent())
    assert finished.exit_code == 0, finished.result.message

    def counts(run: FinishedRun) -> dict[str, float]:
        dump = read_stats(run.directory / "stats.txt")[-1]
        names = ("tlbHits", "tlbMisses")
        return {name: sum(each.value for each in dump.matching(f"*.{name}")) for name in names}

    assert counts(finished) == counts(soc)
    assert counts(soc)["tlbMisses"] > 4


def test_the_second_inference_is_the_warm_one(tmp_path: Path) -> None:
    finished = run(tmp_path / "run", repeat=2)

    assert finished.exit_code == 0, finished.result.message
    cold, warm = finished.result.latencies
    assert warm <= cold
    assert len(read_stats(finished.directory / "stats.txt")) == 2


def test_the_same_run_gives_the_same_ticks(tmp_path: Path) -> None:
    first, second = run(tmp_path / "a"), run(tmp_path / "b")
    assert first.result.latencies == second.result.latencies
    assert first.result.breakdown == second.result.breakdown


def test_a_limit_of_ticks_ends_the_run_and_keeps_its_statistics(tmp_path: Path) -> None:
    finished = run(tmp_path / "run", maximum_ticks=10**8)
    assert finished.exit_code == 1
    assert finished.result.exit_cause == "tick limit reached"
    assert read_stats(finished.directory / "stats.txt")


def test_a_model_that_raises_is_the_runs_cause(tmp_path: Path) -> None:
    model = tmp_path / "broken.py"
    model.write_text(
        "from accel_models.vector_mac import VectorMacEngine\n"
        "class Raises(VectorMacEngine):\n"
        "    def execute(self, command, memory):\n"
        "        raise RuntimeError('out of coffee')\n"
    )
    finished = run(tmp_path / "run", accelerator=f"{model}:Raises")
    assert finished.exit_code == 1
    assert finished.result.exit_cause == "model failed"
    assert "out of coffee" in finished.result.message


def test_a_model_that_dies_is_lost(tmp_path: Path) -> None:
    model = tmp_path / "broken.py"
    model.write_text(
        "import os\n"
        "from accel_models.vector_mac import VectorMacEngine\n"
        "class Dies(VectorMacEngine):\n"
        "    def execute(self, command, memory):\n"
        "        os._exit(9)\n"
    )
    finished = run(tmp_path / "run", accelerator=f"{model}:Dies")
    assert (finished.exit_code, finished.result.exit_cause) == (1, "model lost")


def test_a_recorded_run_replays_without_the_model(tmp_path: Path) -> None:
    spec = RunSpec(workload=WORKLOAD, backend="gem5", timeout_s=SIMULATION_TIMEOUT_S)
    trace = tmp_path / "session.trace"
    recorded = execute(RunRequest(spec, output=str(tmp_path / "live"), record=trace), Silent())
    assert recorded.exit_code == 0, recorded.result.message
    replayed = execute(RunRequest(spec, output=str(tmp_path / "replay"), replay=trace), Silent())
    assert replayed.exit_code == 0, replayed.result.message
    assert replayed.result.latencies == recorded.result.latencies
    described = json.loads((tmp_path / "replay" / "run.json").read_text())
    assert described["gem5"]["model"]["argv"] == []
