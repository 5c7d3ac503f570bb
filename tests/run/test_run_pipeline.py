"""Whole runs on a small network: evidence on success, partial evidence on failure, no leftovers."""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest

from harness.base.errors import BackendError, HandshakeError, HarnessError, SpecError
from harness.run import evidence
from harness.run.directory import RunDirectory
from harness.run.pipeline import FinishedRun, execute
from harness.run.request import RunRequest, repeat_request
from harness.run.result import read_result
from harness.run.spec import RunSpec
from harness.run.watch import HostTimeLimitError, undisturbed, watched
from harness.stats.reader import read_stats
from harness.stats.timeline import read_timeline
from tests.listeners import Silent

WORKLOAD = "workloads.micro:relu"
EVIDENCE = {
    *("config.ini", "config.json", "graph.pb", "inputs", "program.bin", "program.pb"),
    *("result.json", "run.json", "stats.txt", "timeline.npy", "weights.bin"),
}
BROKEN_MODELS = """
import os, time
from accel_models.vector_mac import VectorMacEngine

class Raises(VectorMacEngine):
    def execute(self, command, memory):
        raise RuntimeError("out of coffee")

class Dies(VectorMacEngine):
    def execute(self, command, memory):
        os._exit(9)

class Hangs(VectorMacEngine):
    def execute(self, command, memory):
        time.sleep(600)

class Lies(VectorMacEngine):
    def execute(self, command, memory):
        write = memory.write
        memory.write = lambda operand, data, *a, **k: write(operand, bytes(len(data)), *a, **k)
        return super().execute(command, memory)

class Miscounts(VectorMacEngine):
    def statistics(self):
        from harness.bridge.messages import ModelStatistic
        return [ModelStatistic(0, "my macs", 1, "Apples", "a number")]
"""


def run(path: Path, **options: object) -> FinishedRun:
    options = {"transport": "inproc", "workload": WORKLOAD, **options}
    return execute(RunRequest(RunSpec(**options), output=str(path)), Silent())  # type: ignore[arg-type]


def names(path: Path) -> set[str]:
    return {each.name for each in path.iterdir()}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    return run(tmp_path_factory.mktemp("runs") / "a", repeat=2)


def test_a_run_leaves_its_evidence_and_nothing_else(finished: FinishedRun) -> None:
    assert finished.exit_code == 0
    assert finished.result.exit_cause == "finished"
    assert finished.result.reference is not None
    assert finished.result.reference.within_tolerance
    assert names(finished.directory) == EVIDENCE


def test_each_inference_has_a_dump_whose_phases_add_up_to_its_ticks(finished: FinishedRun) -> None:
    dumps = read_stats(finished.directory / "stats.txt")

    assert [dump["simTicks"] for dump in dumps] == list(finished.result.latencies)
    for dump in dumps:
        phases = dump.vector("system.phases.ticks")
        assert sum(v for k, v in phases.items() if k != "total") == dump["simTicks"]
        assert phases["total"] == dump["simTicks"]


def test_result_json_reads_back_as_it_was(finished: FinishedRun) -> None:
    assert read_result(finished.directory) == finished.result


def test_the_timeline_holds_all_inferences(finished: FinishedRun) -> None:
    records = read_timeline(finished.directory / "timeline.npy")

    assert int(records["end"].max()) == finished.result.final_tick


def test_nothing_of_host_or_time_is_in_the_files(finished: FinishedRun) -> None:
    for name in ("run.json", "result.json", "stats.txt", "config.json"):
        text = (finished.directory / name).read_text()
        assert os.fspath(finished.directory) not in text
        assert str(Path.cwd()) not in text
    assert "hostSeconds" not in (finished.directory / "stats.txt").read_text()


def test_a_second_run_gives_the_same_bytes(finished: FinishedRun, tmp_path: Path) -> None:
    again = run(tmp_path / "b", repeat=2)

    for name in sorted(EVIDENCE - {"inputs"}):
        first, second = finished.directory / name, again.directory / name
        assert first.read_bytes() == second.read_bytes(), name


def test_a_repeated_run_needs_only_the_old_directory_and_keeps_its_promise(
    finished: FinishedRun, tmp_path: Path
) -> None:
    request = repeat_request(str(finished.directory), output=str(tmp_path / "c"))

    again = execute(request, Silent())

    assert again.exit_code == 0
    assert again.result.latencies == finished.result.latencies


def test_a_repeated_run_that_differs_is_a_failure(tmp_path: Path) -> None:
    old = tmp_path / "old"
    run(old)
    result = json.loads((old / "result.json").read_text())
    result["latencies"] = [result["latencies"][0] + 1]
    (old / "result.json").write_text(json.dumps(result))

    again = execute(repeat_request(str(old), output=str(tmp_path / "new")), Silent())

    assert again.exit_code == 1
    assert "latency in ticks" in again.result.message


def test_a_changed_input_is_refused_on_repetition(tmp_path: Path) -> None:
    old = tmp_path / "old"
    run(old)
    array = np.load(old / "inputs" / "0.npy")
    np.save(old / "inputs" / "0.npy", array + 1)

    with pytest.raises(SpecError, match="was changed"):
        execute(repeat_request(str(old), output=str(tmp_path / "new")), Silent())
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"workload": "nothing"}, SpecError),
        ({"target": "nothing"}, SpecError),
        ({"overrides": ("nothing=1",)}, SpecError),
        ({"accelerator": "nothing"}, HandshakeError),
        ({"threads": 99}, SpecError),
        ({"input": "7"}, SpecError),
        ({"transport": "ipc", "accelerator": "nothing"}, HarnessError),
    ],
)
def test_a_run_that_cannot_begin_leaves_nothing(
    tmp_path: Path, options: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        run(tmp_path / "x", **options)

    assert names(tmp_path) == set()


@pytest.mark.parametrize(
    ("model", "transport", "cause", "message"),
    [
        ("Raises", "inproc", "model failed", "out of coffee"),
        ("Raises", "ipc", "model failed", "out of coffee"),
        ("Miscounts", "inproc", "model failed", "my macs"),
        ("Dies", "ipc", "model lost", "exit status 9"),
        ("Hangs", "ipc", "model lost", "deadline"),
    ],
)
def test_a_broken_model_ends_the_run_with_partial_evidence(
    tmp_path: Path, model: str, transport: str, cause: str, message: str
) -> None:
    (tmp_path / "models.py").write_text(BROKEN_MODELS)

    found = run(
        tmp_path / "x",
        accelerator=f"{tmp_path / 'models.py'}:{model}",
        transport=transport,
        deadline_s=3.0,
    )

    assert (found.exit_code, found.result.exit_cause) == (1, cause)
    assert message in found.result.message
    assert names(tmp_path / "x") - {"model.log"} == EVIDENCE
    (dump,) = read_stats(tmp_path / "x" / "stats.txt")
    assert dump["simTicks"] == found.result.final_tick > 0


def test_wrong_numbers_are_never_a_success(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(BROKEN_MODELS)

    found = run(tmp_path / "x", accelerator=f"{tmp_path / 'models.py'}:Lies")

    assert found.exit_code == 1
    assert found.result.exit_cause == "finished"
    assert "differ from the reference" in found.result.message


def test_a_disk_that_fills_up_keeps_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = RunDirectory.write

    def fill(self: RunDirectory, name: str, content: str | bytes) -> None:
        if name == "timeline.npy":
            raise BackendError("the disk is full")
        write(self, name, content)

    monkeypatch.setattr(RunDirectory, "write", fill)
    found = run(tmp_path / "x")

    assert (found.exit_code, found.result.message) == (1, "the disk is full")
    assert not read_result(tmp_path / "x").is_success


def test_a_disk_that_is_full_from_the_start_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(BackendError, match="disk is full"):
        run(tmp_path / "x")

    assert names(tmp_path) == set()


def test_an_interruption_keeps_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.soc.simulation import Simulation

    exchange = Simulation._exchange

    def interrupt(self: Simulation) -> None:
        if self._exchanges:
            os.kill(os.getpid(), signal.SIGTERM)
        exchange(self)

    monkeypatch.setattr(Simulation, "_exchange", interrupt)
    found = run(tmp_path / "x", repeat=3)

    assert (found.exit_code, found.result.exit_cause) == (130, "interrupted")
    assert names(tmp_path / "x") == EVIDENCE
    assert found.result.final_tick > 0


def test_an_internal_error_keeps_evidence_and_is_not_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(evidence, "describe_outputs", bug)
    with pytest.raises(ZeroDivisionError):
        run(tmp_path / "x")

    assert read_result(tmp_path / "x").exit_cause == "internal error"


def test_the_host_time_limit_is_an_error_and_handlers_are_restored() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(HostTimeLimitError), watched(0.05):
        threading.Event().wait(5)

    assert signal.getsignal(signal.SIGTERM) is before


def test_nothing_disturbs_what_is_being_kept() -> None:
    with watched(), undisturbed():
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
