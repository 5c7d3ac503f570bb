"""Linux boots on the real gem5, once, and runs inferences from its checkpoint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from harness.base.errors import HarnessError
from harness.run.gem5.locate import find_gem5
from harness.run.guest.build import guest_sources, kept_guest
from harness.run.guest.disk import ARGUMENTS, RUNTIME, DiskFile, make_disk
from harness.run.pipeline import FinishedRun, execute
from harness.run.request import RunRequest
from harness.run.spec import RunSpec
from harness.stats.reader import read_stats
from tests.gem5.gem5_runs import compile_driver_test, gem5_obstacle, pinned_bytes, run_gem5
from tests.listeners import Listener

if TYPE_CHECKING:
    from pathlib import Path

WORKLOAD = "workloads.micro:conv"
TWO_CORES = "cpu.cores=2"
DRIVER_TEST_S = 600.0

pytestmark = [pytest.mark.gem5, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="session", autouse=True)
def gem5() -> None:
    """Skip where gem5, our extension or the guest's kernel is missing, and say which."""
    if obstacle := gem5_obstacle("fs"):
        pytest.skip(obstacle)
    try:
        images = kept_guest(guest_sources())
    except HarnessError as error:
        pytest.skip(error.what)
    if images is None:
        pytest.skip("the guest is not built: harness guest build")


def run(
    path: Path, *overrides: str, workload: str = WORKLOAD, **options: object
) -> tuple[FinishedRun, Listener]:
    values = {"backend": "gem5", "simulation_mode": "fs", "boot": "atomic", **options}
    spec = RunSpec(workload=workload, overrides=(TWO_CORES, *overrides), **values)  # type: ignore[arg-type]
    listener = Listener()
    return execute(RunRequest(spec, output=str(path)), listener), listener


def hashes(finished: FinishedRun) -> list[str]:
    return [each.sha256 for each in finished.result.outputs]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    finished, _ = run(tmp_path_factory.mktemp("fs") / "run", cpu="timing", repeat=2)
    assert finished.exit_code == 0, finished.result.message
    return finished


def soc_hashes(path: Path, workload: str = WORKLOAD) -> list[str]:
    spec = RunSpec(workload=workload, transport="inproc")
    return hashes(execute(RunRequest(spec, output=str(path)), Listener()))


def test_outputs_equal_the_embedded_socs(first: FinishedRun, tmp_path: Path) -> None:
    assert hashes(first) == soc_hashes(tmp_path / "soc")


def test_another_workload_finds_its_own_disk_behind_the_same_checkpoint(
    first: FinishedRun, tmp_path: Path
) -> None:
    finished, listener = run(tmp_path / "run", workload="workloads.micro:relu", cpu="timing")

    assert finished.exit_code == 0, finished.result.message
    assert hashes(finished) == soc_hashes(tmp_path / "soc", "workloads.micro:relu")
    assert not any(stage.startswith("booting") for stage in listener.stages)
    assert finished.result.hashes["checkpoint"] == first.result.hashes["checkpoint"]
    assert finished.result.hashes["disk"] != first.result.hashes["disk"]


def test_the_program_is_read_from_the_disk_before_the_first_inference(first: FinishedRun) -> None:
    counters = first.result.counters
    assert counters["load.major_faults"] > 0
    assert counters["total.major_faults"] == counters["load.major_faults"]


def test_measured_cores_read_the_disk_themselves_without_fast_forward(
    first: FinishedRun, tmp_path: Path
) -> None:
    described = json.loads((first.directory / "run.json").read_text())
    described["gem5"] |= {"fast_forward": False, "files": {}}
    ended = run_gem5(find_gem5(), tmp_path, described, timeout_s=DRIVER_TEST_S)
    assert ended.status == 0, ended.stderr[-2000:]
    atomic, timing = (
        json.loads((output / "exit.json").read_text())
        for output in (first_output(first), ended.output)
    )
    assert (ended.output / "outputs.bin").read_bytes() == (
        first_output(first) / "outputs.bin"
    ).read_bytes()
    assert load_ticks(timing) > load_ticks(atomic)


def first_output(finished: FinishedRun) -> Path:
    return finished.directory / "m5out"


def load_ticks(ended: dict[str, Any]) -> int:
    ready = next(mark for mark in ended["ticks_at_marks"] if mark["cause"] == "harness ready")
    return int(ready["tick"]) - int(ended["start_tick"])


def test_phases_add_up_and_no_interrupt_is_lost(first: FinishedRun) -> None:
    result = first.result
    assert result.breakdown is not None
    assert sum(result.breakdown.phases.values()) == result.latencies[-1]
    assert result.counters["driver.interrupts"] >= 2
    assert result.counters["driver.lost"] == 0
    assert result.load_ticks > 0


def test_the_checkpoint_serves_other_cpus_interfaces_and_threads(
    first: FinishedRun, tmp_path: Path
) -> None:
    finished, listener = run(tmp_path / "run", "interface=acp", cpu="o3", threads=2)

    assert finished.exit_code == 0, finished.result.message
    assert hashes(finished) == hashes(first)
    assert not any(stage.startswith("booting") for stage in listener.stages)
    assert finished.result.hashes["checkpoint"] == first.result.hashes["checkpoint"]


def test_a_coherent_target_restores_from_the_same_checkpoint(
    first: FinishedRun, tmp_path: Path
) -> None:
    finished, listener = run(tmp_path / "run", "coherent=true", "wait=polling", cpu="timing")

    assert finished.exit_code == 0, finished.result.message
    assert hashes(finished) == hashes(first)
    assert not any(stage.startswith("booting") for stage in listener.stages)
    assert finished.result.breakdown is not None
    assert finished.result.breakdown.phases["flush"] == 0


@pytest.mark.parametrize("setting", [("interface=dma",), ("interface=acp", "coherent=true")])
def test_pinned_memory_gives_the_same_bytes_and_costs_reads_of_the_page_list(
    first: FinishedRun, tmp_path: Path, setting: tuple[str, ...]
) -> None:
    finished, listener = run(tmp_path / "run", *setting, "memory=pinned", cpu="timing", repeat=2)

    assert finished.exit_code == 0, finished.result.message
    assert hashes(finished) == hashes(first)
    assert not any(stage.startswith("booting") for stage in listener.stages)
    assert finished.result.counters["driver.pins"] > 0
    assert finished.result.counters["driver.lost"] == 0
    cold, warm = (
        sum(each.value for each in dump.matching("*.tlbMisses"))
        for dump in read_stats(finished.directory / "stats.txt")
    )
    assert cold > warm == 0


def test_the_linux_driver_keeps_its_promises(first: FinishedRun, tmp_path: Path) -> None:
    described = json.loads((first.directory / "run.json").read_text())
    gem5 = described["gem5"]
    gem5["self_test"] = True
    gem5["model"]["argv"] = []
    (tmp_path / "none").touch()
    files = [
        DiskFile(RUNTIME, compile_driver_test(tmp_path), is_program=True),
        DiskFile(ARGUMENTS, tmp_path / "none"),
    ]
    gem5["guest"]["disk"] = str(make_disk(files).path)
    ended = run_gem5(find_gem5(), tmp_path, described, timeout_s=DRIVER_TEST_S)
    lines = (ended.output / "system.pc.com_1.device").read_text().splitlines()
    assert [each for each in lines if each.startswith("FAIL")] == []
    assert ended.status == 0, ended.stderr[-2000:]
    assert sum(each.startswith("PASS") for each in lines) > 140
    assert "PASS PIN beyond RLIMIT_MEMLOCK is ENOMEM, and counted" in lines
    assert (ended.output / "guest_file_20.bin").read_bytes() == pinned_bytes()


def test_submission_by_ioctl_costs_time_in_the_driver(first: FinishedRun, tmp_path: Path) -> None:
    finished, _ = run(tmp_path / "run", cpu="timing", repeat=2, submission="ioctl")
    assert finished.exit_code == 0, finished.result.message
    assert finished.result.counters["driver.submits"] > 0
    assert first.result.counters["driver.submits"] == 0
    assert finished.result.breakdown is not None
    assert first.result.breakdown is not None
    assert finished.result.breakdown.phases["driver"] > first.result.breakdown.phases["driver"]
