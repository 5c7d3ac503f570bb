"""Runs on a gem5 that only behaves like one: evidence on success, one clear cause on failure."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from harness.base.errors import SpecError
from harness.run.config_scripts import find_configs
from harness.run.directory import RunDirectory
from harness.run.gem5.locate import find_gem5
from harness.run.gem5.probe import probe_gem5
from harness.run.gem5_options import Gem5Options
from harness.run.live import LiveStatus, StatusFile, read_status
from harness.run.pipeline import FinishedRun, execute
from harness.run.plan import plan_lines
from harness.run.pulse import take_pulse
from harness.run.request import RunRequest, repeat_request
from harness.run.result import read_result
from harness.run.spec import RunSpec
from harness.stats.reader import read_stats
from tests.listeners import Listener
from tests.run.gem5_stand_in import make_stand_in

WORKLOAD = "workloads.micro:relu"


@pytest.fixture
def gem5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that behaves like gem5, a cache of its own, and a guest runtime in it."""
    return make_stand_in(tmp_path, monkeypatch)


def request(gem5: Path, path: Path, **options: object) -> RunRequest:
    spec = RunSpec(workload=WORKLOAD, backend="gem5", **options)  # type: ignore[arg-type]
    return RunRequest(spec, output=str(path), gem5=Gem5Options(binary=gem5))


def run(gem5: Path, path: Path, **options: object) -> FinishedRun:
    return execute(request(gem5, path, **options), Listener())


@pytest.fixture
def how(monkeypatch: pytest.MonkeyPatch) -> object:
    def choose(text: str) -> None:
        monkeypatch.setenv("FAKE_GEM5", text)

    return choose


def test_a_run_on_gem5_succeeds_by_evidence(gem5: Path, tmp_path: Path) -> None:
    finished = run(gem5, tmp_path / "run", repeat=2)
    result = finished.result

    assert finished.exit_code == 0, result.message
    assert (result.exit_cause, result.backend) == ("finished", "gem5")
    assert result.reference is not None
    assert result.reference.is_equal
    assert result.setting["simulation_mode"] == "se"
    assert result.setting["cpu"] == "o3"
    assert result.versions["gem5"] == "24.0.0.1"
    assert {"gem5", "runtime", "program"} <= set(result.hashes)
    assert result.counters["counters.interrupts"] == 4
    assert result.exchanges == 12
    assert result.latencies == (8_000_000, 8_000_000)
    assert read_result(finished.directory) == result
    left = {path.name for path in finished.directory.iterdir()}
    assert {"m5out", "inputs.bin", "stats.txt", "timeline.npy"} <= left
    assert "status.json" not in left


def test_stats_hold_what_gem5_wrote_and_the_phases_behind_it(gem5: Path, tmp_path: Path) -> None:
    finished = run(gem5, tmp_path / "run", repeat=2)
    dumps = read_stats(finished.directory / "stats.txt")

    assert dumps[-1]["system.accel0.macs"] == 64
    assert len(dumps) == 2, "gem5's dump at its exit belongs to no inference"
    for dump in dumps:
        assert dump.is_complete
        assert dump["system.l2.overallMisses::total"] == 12
        assert dump["system.phases.ticks::total"] == dump["simTicks"]
        assert dump["system.phases.ticks::load"] == dump["simTicks"] / 4


def test_run_json_tells_gem5_everything_and_reads_back(gem5: Path, tmp_path: Path) -> None:
    finished = run(gem5, tmp_path / "run", cpu="o3", threads=2, submission="ioctl")
    told = json.loads((finished.directory / "run.json").read_text())["gem5"]

    assert (told["mode"], told["cpu"], told["threads"]) == ("se", "o3", 2)
    assert told["arguments"][:2] == ["--threads", "2"]
    assert "--submission ioctl" in " ".join(told["arguments"])
    assert told["model"]["argv"][-1] == "vector_mac"
    assert "--endpoint" not in told["model"]["argv"]
    assert Path(told["files"]["runtime"]).is_file()
    again = execute(
        repeat_request(str(finished.directory), output=str(tmp_path / "again"), gem5=gem5),
        Listener(),
    )
    assert again.exit_code == 0, again.result.message


FAILURES = {
    "fatal": ("gem5 refused its configuration", "fatal: size is odd"),
    "panic": ("gem5 panicked", "panic: lost a packet"),
    "killed": ("gem5 was killed", "SIGKILL"),
    "python": ("gem5 failed", "AttributeError: no port"),
    "model lost": ("model lost", "ended during launch #3"),
    "model failed": ("model failed", "out of coffee"),
    "limit": ("tick limit reached", "--max-ticks"),
    "early": ("gem5 ended early", "max instruction count"),
    "guest fails": ("guest failed", "cannot allocate window 2"),
    "kernel panic": ("guest kernel crashed", "system.pc.com_1.device"),
    "wrong clock": ("guest failed", "clock does not run as simulated time"),
    "stalled": ("guest failed", "stalled"),
    "no outputs": ("evidence incomplete", "outputs"),
    "half": ("evidence incomplete", "outputs"),
    "cut dump": ("evidence incomplete", "dump"),
    "wrong outputs": ("finished", "differ from the reference"),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_a_failure_has_one_cause_and_keeps_what_there_is(
    gem5: Path, tmp_path: Path, how: object, kind: str
) -> None:
    how(kind)  # type: ignore[operator]
    finished = run(gem5, tmp_path / "run")
    cause, text = FAILURES[kind]

    assert finished.exit_code == 1
    assert not finished.result.is_success
    assert (finished.result.exit_cause, text in finished.result.message) == (cause, True), (
        finished.result.message
    )
    assert read_result(finished.directory).exit_cause == cause
    assert read_stats(finished.directory / "stats.txt")
    assert not (finished.directory / "status.json").exists()


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _interrupt_when(path: Path) -> threading.Thread:
    def wait_and_interrupt() -> None:
        deadline = time.monotonic() + 30
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=wait_and_interrupt)
    thread.start()
    return thread


def test_an_interrupted_gem5_hands_over_its_statistics_and_leaves_nobody(
    gem5: Path, tmp_path: Path, how: object
) -> None:
    how("hang")  # type: ignore[operator]
    thread = _interrupt_when(tmp_path / "run" / "m5out" / "child.pid")
    finished = run(gem5, tmp_path / "run")
    thread.join()

    assert finished.exit_code == 130
    assert finished.result.exit_cause == "interrupted"
    ended = json.loads((finished.directory / "m5out" / "exit.json").read_text())
    assert ended["cause"] == "user interrupt received", "it was asked before it was killed"
    assert "system.l2.overallMisses" in (finished.directory / "stats.txt").read_text()
    child = int((finished.directory / "m5out" / "child.pid").read_text())
    assert not _is_alive(child)


def test_a_gem5_that_ignores_signals_is_killed_with_its_children(
    gem5: Path, tmp_path: Path, how: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    how("deaf")  # type: ignore[operator]
    monkeypatch.setattr("harness.run.supervised_process.INTERRUPT_GRACE_S", 0.3)
    monkeypatch.setattr("harness.run.supervised_process.TERMINATE_GRACE_S", 0.3)
    finished = run(gem5, tmp_path / "run", timeout_s=4.0)

    assert finished.exit_code == 1
    assert finished.result.exit_cause == "host time limit reached"
    assert not _is_alive(int((finished.directory / "m5out" / "child.pid").read_text()))


def test_gem5_dies_with_a_harness_that_is_killed(gem5: Path, tmp_path: Path, how: object) -> None:
    how("deaf")  # type: ignore[operator]
    out = tmp_path / "run"
    argv = ["run", WORKLOAD, "--backend", "gem5", "--gem5", str(gem5), "-o", str(out), "-q"]
    harness = subprocess.Popen([sys.executable, "-m", "harness.cli.main", *argv])
    try:
        pid = _wait_for_gem5(out)
        assert take_pulse(str(out)).verdict == "running"
    finally:
        harness.kill()
        harness.wait()
    deadline = time.monotonic() + 5
    while _is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    child = int((out / "m5out" / "child.pid").read_text())
    os.kill(child, signal.SIGKILL)  # "sleep" is no model: it does not die with its parent
    assert not _is_alive(pid)
    assert take_pulse(str(out)).verdict == "killed"


def _wait_for_gem5(out: Path) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        status = read_status(out)
        if status is not None and status.step == 1:
            return status.simulator_pid
        time.sleep(0.05)
    raise AssertionError("gem5 never said anything")


def test_progress_names_operator_and_rate(gem5: Path, tmp_path: Path, how: object) -> None:
    how("noisy")  # type: ignore[operator]
    listener = Listener()
    finished = execute(request(gem5, tmp_path / "run"), listener)

    assert finished.exit_code == 0
    assert "restoring the guest" in listener.stages
    told = [detail for detail in listener.details if "step 2 of 9" in detail]
    assert told
    assert "ticks/s" in told[-1]


def test_status_names_a_stopped_simulator_as_stuck(tmp_path: Path) -> None:
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    directory = RunDirectory.create(str(tmp_path / "run"), "x")
    directory.write("run.json", "{}")
    try:
        os.kill(process.pid, signal.SIGSTOP)
        heard_s = time.time() - 60
        status = LiveStatus("simulating", process.pid, tick=5, step=3, steps=9, heard_s=heard_s)
        StatusFile(directory.path, status).write()
        pulse = take_pulse(str(directory.path))
        assert (pulse.verdict, pulse.is_well) == ("stuck", False)
        assert "stopped" in pulse.lines[-1]
        os.kill(process.pid, signal.SIGCONT)
        assert take_pulse(str(directory.path)).verdict == "stuck", "it sleeps, and nobody else is"
    finally:
        directory.release()
        process.kill()
        process.wait()


def test_status_names_a_computing_simulator_as_slow(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True)
    directory = RunDirectory.create(str(tmp_path / "run"), "x")
    directory.write("run.json", "{}")
    try:
        status = LiveStatus("simulating", process.pid, heard_s=time.time() - 60)
        StatusFile(directory.path, status).write()
        assert take_pulse(str(directory.path)).verdict == "slow"
    finally:
        directory.release()
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("probe", "options", "text"),
    [
        ({"has_bridge": False}, {}, "without harness's extension"),
        ({"has_old_bridge": True}, {}, "older extension"),
        ({"isas": ["arm"]}, {}, "without x86"),
        ({"has_o3": False}, {"cpu": "o3"}, "out-of-order"),
        ({"has_pci_bridge": False}, {"simulation_mode": "fs"}, "PCI"),
        ({"kvm_isa": ""}, {"simulation_mode": "fs", "boot": "kvm"}, "without KVM"),
    ],
)
def test_what_gem5_lacks_is_said_before_anything_is_made(
    gem5: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    probe: dict[str, object],
    options: dict[str, str],
    text: str,
) -> None:
    monkeypatch.setenv("FAKE_PROBE", json.dumps(probe))
    with pytest.raises(SpecError, match=text):
        run(gem5, tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_the_probe_is_remembered_until_the_binary_changes(
    gem5: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = probe_gem5(gem5)
    monkeypatch.setenv("FAKE_PROBE", json.dumps({"version": "25.0"}))
    assert probe_gem5(gem5) == first
    gem5.write_text(gem5.read_text() + "# rebuilt\n")
    assert probe_gem5(gem5).version == "25.0"


def test_a_dry_run_prints_the_exact_command(gem5: Path, tmp_path: Path) -> None:
    spec = RunSpec(workload=WORKLOAD, backend="gem5")
    options = Gem5Options(gem5, ("--listener-mode=off",), debug_flags="Cache,XBar")
    lines = plan_lines(RunRequest(spec, output=str(tmp_path / "run"), gem5=options))

    command = next(line for line in lines if line.startswith("command")).split()[1:]
    folder = tmp_path / "run"
    assert command[:3] == [str(gem5), "-d", str(folder / "m5out")]
    assert command[3:6] == [
        "--debug-flags=Cache,XBar",
        "--debug-file=debug.txt",
        "--listener-mode=off",
    ]
    assert command[6:] == [str(find_configs() / "se.py"), str(folder / "run.json")]
    assert not folder.exists()


def test_gem5_is_started_with_that_command(gem5: Path, tmp_path: Path) -> None:
    finished = run(gem5, tmp_path / "run")
    argv = json.loads((finished.directory / "m5out" / "argv.json").read_text())
    (line,) = [
        line for line in plan_lines(request(gem5, tmp_path / "run")) if line.startswith("command")
    ]
    assert line.split()[2:] == argv


def test_options_of_gem5_need_its_backend() -> None:
    with pytest.raises(SpecError, match="--cpu needs --backend gem5"):
        RunSpec(workload="x", cpu="timing")
    with pytest.raises(SpecError, match="need --backend gem5"):
        RunRequest(RunSpec(workload="x"), gem5=Gem5Options(debug_flags="Cache"))
    with pytest.raises(SpecError, match="--transport ipc"):
        RunSpec(workload="x", backend="gem5", transport="inproc")


def test_run_json_of_older_versions_still_reads() -> None:
    spec = RunSpec(workload="x")
    new = {"backend", "simulation_mode", "cpu", "boot", "submission"}
    old = {name: value for name, value in spec.to_dict().items() if name not in new}
    assert RunSpec.from_dict(old, "run.json") == spec


def test_no_gem5_is_the_users_error_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("GEM5", raising=False)
    with pytest.raises(SpecError, match="there is no gem5") as caught:
        find_gem5()
    assert "soc" in caught.value.way_out
    monkeypatch.setenv("GEM5", str(tmp_path / "none"))
    with pytest.raises(SpecError, match=r"\$GEM5 names no gem5 binary"):
        find_gem5()
