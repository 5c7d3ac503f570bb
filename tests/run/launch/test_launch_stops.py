"""Runs that harness ends: limits, silence, a dead guest, signals, and harness's own death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.run.ending import Ending
from harness.run.launch.batch_signals import ending_of_signal
from harness.run.launch.launch import launch
from harness.run.launch.outcome import read_outcome
from harness.run.launch.spec import LaunchSpec
from harness.run.pulse import take_pulse

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.run.launch.launch import FinishedLaunch

    Run = Callable[..., FinishedLaunch]

HARNESS = [
    *(sys.executable, "-c"),
    "import sys; from harness.cli.main import console; sys.exit(console())",
]
WAIT_S = 60.0


@pytest.fixture(autouse=True)
def _short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.run.supervised_process.TERMINATE_GRACE_S", 0.2)
    monkeypatch.setattr("harness.run.supervised_process.LINGER_GRACE_S", 1.0)
    monkeypatch.setattr("harness.run.launch.supervise.SLOW_LOOK_S", 0.1)


def test_the_time_limit_ends_gem5_in_good_order(run: Run) -> None:
    finished = run("gem5.hang()", timeout_s=1.0)
    outcome = finished.outcome
    assert outcome.ending is Ending.TIME_LIMIT
    assert "1 s" in outcome.message
    assert (outcome.dumps, outcome.ticks) == (1, 77), "gem5 was asked, and wrote its statistics"


def test_a_gem5_that_does_not_listen_is_killed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.run.supervised_process.INTERRUPT_GRACE_S", 0.2)
    outcome = run("gem5.hang(polite=False)", timeout_s=1.0).outcome
    assert (outcome.ending, outcome.status) == (Ending.TIME_LIMIT, -signal.SIGKILL)


def test_the_memory_limit_counts_resident_memory_only(run: Run) -> None:
    text = "import mmap; m = mmap.mmap(-1, 1 << 34); gem5.good()"
    assert run(text, memory_bytes=1 << 29).outcome.ending is Ending.SUCCESS


def test_too_much_resident_memory_ends_gem5(run: Run) -> None:
    outcome = run("gem5.hang(takes=300 << 20)", memory_bytes=280 << 20).outcome
    assert outcome.ending is Ending.OUT_OF_MEMORY
    assert outcome.peak_memory_bytes > 280 << 20
    assert outcome.dumps == 1
    assert "280 MiB" in outcome.message


def test_a_gem5_that_does_nothing_makes_no_progress(run: Run) -> None:
    text = "import time\ntime.sleep(600)"
    outcome = run(text, no_progress_s=1.5).outcome
    assert outcome.ending is Ending.NO_PROGRESS
    assert "1.5 s" in outcome.message


def test_a_busy_gem5_makes_progress_but_may_write_nothing(run: Run) -> None:
    busy = "gem5.hang(busy=True)"
    assert run(busy, no_progress_s=1.0, timeout_s=2.5).outcome.ending is Ending.TIME_LIMIT


def test_a_busy_gem5_that_writes_nothing_can_be_ended(run: Run) -> None:
    outcome = run("gem5.hang(busy=True)", no_output_s=1.0, timeout_s=60).outcome
    assert outcome.ending is Ending.NO_PROGRESS
    assert "no file has grown" in outcome.message


def test_a_panic_of_the_guest_ends_a_gem5_that_would_go_on_for_ever(run: Run) -> None:
    text = (
        "(gem5.outdir / 'system.pc.com_1.device').write_bytes(\n"
        "    b'[ 1.2] Kernel panic - not syncing: VFS: no root\\xe2\\x82')\n"
        "with (gem5.outdir / 'system.pc.com_1.device').open('a') as file: file.write('\\n')\n"
        "gem5.hang(busy=True)"
    )
    outcome = run(text, timeout_s=60).outcome
    assert outcome.ending is Ending.GUEST_PANIC
    assert "system.pc.com_1.device: [ 1.2] Kernel panic" in outcome.message
    assert outcome.dumps == 1


class _Launch:
    """`harness launch` in a process of its own, around a gem5 that hangs."""

    def __init__(self, gem5: Path, folder: Path, *options: str, **variables: str) -> None:
        script = folder / "user.py"
        script.write_text("gem5.hang()")
        self.run = folder / "run"
        argv = [*HARNESS, "launch", "-q", "-o", str(self.run), *options, "--", str(gem5)]
        self.process = subprocess.Popen(
            [*argv, str(script)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **variables},
            start_new_session=True,
            preexec_fn=_hear_signals,  # noqa: PLW1509 - the suite starts no threads before it
        )

    def wait_for_gem5(self) -> int:
        path = self.run / "m5out" / "hangs"
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            if path.is_file() and path.read_text():
                return int(path.read_text())
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.02)
        raise AssertionError("gem5 did not begin")

    def end(self) -> str:
        return self.process.communicate(timeout=WAIT_S)[1]


def _hear_signals() -> None:
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2])
def test_a_signal_to_harness_becomes_sigint_for_gem5(
    number: signal.Signals, gem5: Path, tmp_path: Path
) -> None:
    launched = _Launch(gem5, tmp_path)
    pid = launched.wait_for_gem5()
    launched.process.send_signal(number)
    stderr = launched.end()
    outcome = read_outcome(launched.run)
    assert launched.process.returncode == 130, stderr
    assert stderr == "harness: interrupted\n"
    assert outcome.ending is Ending.CANCELLED
    assert outcome.exit_cause == f"interrupted ({number.name})"
    assert outcome.dumps == 1, "gem5 got SIGINT, and nothing else"
    assert not Path(f"/proc/{pid}").exists()


def test_a_warning_of_a_batch_system_is_a_time_limit(gem5: Path, tmp_path: Path) -> None:
    soon = str(int(time.time()) + 100)
    launched = _Launch(gem5, tmp_path, SLURM_JOB_ID="7", SLURM_JOB_END_TIME=soon)
    launched.wait_for_gem5()
    launched.process.send_signal(signal.SIGUSR1)
    launched.end()
    assert read_outcome(launched.run).ending is Ending.TIME_LIMIT


def test_what_a_signal_means_depends_on_the_batch_system() -> None:
    job, now_s = {"SLURM_JOB_ID": "7", "SLURM_JOB_END_TIME": "10000"}, 10_000.0
    assert ending_of_signal("SIGTERM", {}, now_s) is Ending.CANCELLED
    assert ending_of_signal("SIGXCPU", {}, now_s) is Ending.TIME_LIMIT
    assert ending_of_signal("SIGTERM", job, now_s - 1) is Ending.TIME_LIMIT
    assert ending_of_signal("SIGTERM", job, now_s - 5000) is Ending.CANCELLED
    assert ending_of_signal("SIGUSR1", job, now_s - 100) is Ending.TIME_LIMIT
    assert ending_of_signal("SIGUSR1", job, now_s - 5000) is Ending.PREEMPTED
    assert ending_of_signal("SIGUSR1", {"SLURM_JOB_ID": "7"}, now_s) is Ending.TIME_LIMIT


def _wait_until_gone(pid: int) -> None:
    until = time.monotonic() + WAIT_S
    while Path(f"/proc/{pid}").exists():
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "Z":
            return
        assert time.monotonic() < until, "gem5 outlived harness"
        time.sleep(0.02)


def test_status_says_that_a_silent_gem5_is_stuck_and_why(
    gem5: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.run.pulse.SILENCE_S", 1.5)
    launched = _Launch(gem5, tmp_path)
    pid = launched.wait_for_gem5()
    os.kill(pid, signal.SIGSTOP)
    until = time.monotonic() + WAIT_S
    while (pulse := take_pulse(str(launched.run))).is_well and time.monotonic() < until:
        time.sleep(0.1)
    assert pulse.verdict == "stuck", pulse
    assert f"kill -CONT {pid}" in pulse.lines[-1]
    assert any(line.startswith("memory") for line in pulse.lines)
    launched.process.send_signal(signal.SIGTERM)
    launched.end()
    assert read_outcome(launched.run).dumps == 1, "it was continued, so that it could hear SIGINT"


def test_gem5_dies_with_a_killed_harness_behind_any_wrapper(gem5: Path, tmp_path: Path) -> None:
    wrapper = tmp_path / "wrapper.sh"
    wrapper.write_text(f'#!/bin/sh\n{gem5} "$@" &\nwait\n')
    wrapper.chmod(0o755)
    launched = _Launch(wrapper, tmp_path)
    pid = launched.wait_for_gem5()
    assert take_pulse(str(launched.run)).verdict == "running"
    launched.process.kill()
    launched.end()
    _wait_until_gone(pid)
    pulse = take_pulse(str(launched.run))
    assert (pulse.verdict.split()[0], pulse.is_well) == ("killed", False)


def test_a_wrapper_is_not_asked_to_end_before_the_gem5_that_it_started(
    gem5: Path, tmp_path: Path
) -> None:
    wrapper = tmp_path / "wrapper.py"
    wrapper.write_text(
        f"#!{sys.executable}\nimport subprocess, sys\n# gem5\n"
        f"done = subprocess.run([{str(gem5)!r}, *sys.argv[1:]])\n"
        "print('after gem5:', done.returncode)\n"
    )
    wrapper.chmod(0o755)
    script = tmp_path / "hang.py"
    script.write_text("gem5.hang()")
    spec = LaunchSpec((str(wrapper), str(script)), timeout_s=1.5)
    outcome = launch(spec, str(tmp_path / "wrapped"), None).outcome
    assert (outcome.ending, outcome.dumps) == (Ending.TIME_LIMIT, 1)
    assert "after gem5: 0" in (tmp_path / "wrapped" / "m5out" / "simout.txt").read_text()


def test_a_gem5_whose_wrapper_does_not_wait_for_it_is_found_out(gem5: Path, tmp_path: Path) -> None:
    wrapper, script = tmp_path / "wrapper.sh", tmp_path / "hang.py"
    wrapper.write_text(f'#!/bin/sh\n{gem5} "$@" &\nsleep 1\n')
    wrapper.chmod(0o755)
    script.write_text("gem5.hang()")
    outcome = launch(LaunchSpec((str(wrapper), str(script))), str(tmp_path / "run"), None).outcome
    assert outcome.ending is Ending.WRONG_OUTPUT


def test_a_wrappers_status_tells_the_signal_that_ended_gem5(gem5: Path, tmp_path: Path) -> None:
    wrapper, script = tmp_path / "wrapper.sh", tmp_path / "user.py"
    wrapper.write_text('#!/bin/sh\n"$@"\n')
    wrapper.chmod(0o755)
    script.write_text("import os; os.kill(os.getpid(), 9)")
    spec = LaunchSpec((str(wrapper), str(gem5), str(script)))
    outcome = launch(spec, str(tmp_path / "run"), None).outcome
    assert (outcome.ending, outcome.status) == (Ending.CANCELLED, 137)
    assert "SIGKILL" in outcome.message


def test_what_a_command_leaves_behind_has_a_moment_to_finish(gem5: Path, tmp_path: Path) -> None:
    wrapper, script = tmp_path / "wrapper.sh", tmp_path / "user.py"
    wrapper.write_text(f'#!/bin/sh\n{gem5} "$@" &\nsleep 0.3\n')
    wrapper.chmod(0o755)
    script.write_text("import time; time.sleep(0.6); gem5.good()")
    outcome = launch(LaunchSpec((str(wrapper), str(script))), str(tmp_path / "run"), None).outcome
    assert outcome.ending is Ending.SUCCESS
