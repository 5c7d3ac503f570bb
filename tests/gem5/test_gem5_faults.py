"""What goes wrong around gem5 ends the run soon, with one cause, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.stats.reader import parse_stats
from tests.gem5.launched_gem5 import START_S, LaunchedGem5
from tests.gem5.test_se_runs import gem5  # noqa: F401 - the fixture that skips

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.launched import Ended

SOON_S = 20.0
"""From a fault to the end: gem5 writes its last statistics, harness reads what there is."""
DEADLINE_S = 3.0
LIMIT_S = 25
"""Of host time: compilation, gem5's start and an inference need less, many inferences more."""
LONG = ("--repeat", "200")
FAULTY_MODEL = Path(__file__).resolve().parents[1] / "faults" / "faulty_model.py"

pytestmark = [pytest.mark.gem5, pytest.mark.timeout(300)]


def check(ended: Ended, cause: str, *texts: str, code: int = 1) -> None:
    """Expect a cause and words of the message, partial statistics and nothing left behind."""
    assert ended.complaints == []
    assert ended.code == code, ended.stderr
    assert ended.result["exit_cause"] == cause, ended.stderr
    for text in texts:
        assert text in ended.stderr


def complete_dumps(ended: Ended) -> int:
    dumps = parse_stats((ended.run / "stats.txt").read_text())
    return sum(dump.is_complete for dump in dumps)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; an orphan that nobody has reaped yet does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_killed_model_is_lost_and_statistics_are_kept(tmp_path: Path) -> None:
    running = LaunchedGem5(tmp_path, *LONG)
    pid = running.model_pid()
    running.wait_for_inference()
    os.kill(pid, signal.SIGKILL)
    ended = running.end(SOON_S)

    check(ended, "model lost", "the model's process ended", "killed by signal 9")
    assert complete_dumps(ended) >= 2, "those of the inferences and the last one"


def test_a_stopped_model_misses_its_deadline(tmp_path: Path) -> None:
    running = LaunchedGem5(tmp_path, *LONG, "--deadline", f"{DEADLINE_S}")
    pid = running.model_pid()
    running.wait_for_inference()
    os.kill(pid, signal.SIGSTOP)
    ended = running.end(DEADLINE_S + SOON_S)

    check(ended, "model lost", "missed its deadline of 3 s")
    assert complete_dumps(ended) >= 2


GARBAGE = {
    "noise": "model broke the protocol",
    "sequence": "model broke the protocol",
    "wild_address": "model broke the protocol",
    "oversize": "model lost",
    "disconnect": "model lost",
    "silent": "model lost",
}
"""One of each kind; tests/cpp shows the C++ end of the bridge all of them without gem5."""


@pytest.mark.parametrize("kind", GARBAGE)
def test_a_model_that_says_something_wrong_ends_the_run(tmp_path: Path, kind: str) -> None:
    model = tmp_path / "model"
    model.write_text(f'#!/bin/sh\nexec {sys.executable} {FAULTY_MODEL} "$@"\n')
    model.chmod(0o755)
    running = LaunchedGem5(
        tmp_path,
        *("--accelerator", str(model), "--deadline", f"{DEADLINE_S}"),
        FAULT_KIND=kind,
        FAULT_AT="4",
        FAULT_SEED="1",
        FAULT_MARK=str(tmp_path / "mark"),
        PYTHONPATH=str(Path(__file__).resolve().parents[2]),
    )
    ended = running.end(START_S)

    check(ended, GARBAGE[kind])
    assert complete_dumps(ended) >= 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_killed_gem5_takes_its_model_along_and_keeps_its_dumps(
    tmp_path: Path, number: signal.Signals
) -> None:
    running = LaunchedGem5(tmp_path, *LONG)
    pid, model = running.gem5_pid(), running.model_pid()
    running.wait_for_inference()
    os.kill(pid, number)
    ended = running.end(SOON_S)

    check(ended, "gem5 was killed", f"killed by {number.name}")
    assert complete_dumps(ended) >= 1
    assert not is_alive(model)


def test_a_killed_harness_takes_gem5_and_its_model_along(tmp_path: Path) -> None:
    running = LaunchedGem5(tmp_path, *LONG)
    pids = running.gem5_pid(), running.model_pid()
    running.wait_for_inference()
    running.launched.process.kill()
    until = time.monotonic() + SOON_S
    while any(is_alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    ended = running.launched.end(SOON_S)

    assert not [each for each in ended.complaints if each.startswith("process")]


@pytest.mark.parametrize(("times", "is_group"), [(1, True), (2, False)])
def test_ctrl_c_keeps_the_statistics_up_to_then(
    tmp_path: Path, times: int, *, is_group: bool
) -> None:
    running = LaunchedGem5(tmp_path, *LONG)
    running.wait_for_inference()
    for _ in range(times):
        running.launched.interrupt(is_group=is_group)
        time.sleep(0.1)
    ended = running.end(SOON_S)

    check(ended, "interrupted", "harness: interrupted", code=130)
    assert complete_dumps(ended) >= 2, "the last one is written when gem5 is interrupted"


def test_ctrl_c_ends_a_run_whose_model_is_stopped(tmp_path: Path) -> None:
    running = LaunchedGem5(tmp_path, *LONG)
    pid = running.model_pid()
    running.wait_for_inference()
    os.kill(pid, signal.SIGSTOP)
    time.sleep(0.5)
    running.launched.interrupt(is_group=True)
    ended = running.end(SOON_S)

    check(ended, "interrupted", code=130)
    assert complete_dumps(ended) >= 2


def test_ctrl_c_ends_a_run_whose_gem5_is_stopped(tmp_path: Path) -> None:
    running = LaunchedGem5(tmp_path, *LONG)
    pid = running.gem5_pid()
    running.wait_for_inference()
    os.kill(pid, signal.SIGSTOP)
    running.launched.interrupt(is_group=True)
    check(running.end(SOON_S), "interrupted", code=130)


def test_the_limit_of_host_time_keeps_the_statistics(tmp_path: Path) -> None:
    running = LaunchedGem5(tmp_path, *LONG, "--timeout", f"{LIMIT_S}")
    ended = running.end(LIMIT_S + SOON_S)

    check(ended, "host time limit reached", "--timeout")
    assert complete_dumps(ended) >= 1


def test_the_limit_of_simulated_time_keeps_the_statistics(tmp_path: Path) -> None:
    ended = LaunchedGem5(tmp_path, *LONG, "--max-ticks", "10000000000").end(START_S)

    check(ended, "tick limit reached", "--max-ticks")
    assert complete_dumps(ended) >= 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[object]:
    """Mounts file systems of a few MiB; they go away with the test."""
    mounted: list[Path] = []

    def mount(size_kib: int) -> Path:
        path = tmp_path / "disk"
        path.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "harness-test", str(path)]
        with contextlib.suppress(OSError):
            if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                mounted.append(path)
                return path
        pytest.skip("mounting a small tmpfs needs root")

    yield mount
    for path in mounted:
        subprocess.run(["umount", str(path)], check=True)


# lenet5 writes 2.5 MiB before gem5 starts, gem5 1.5 MiB about its configuration, then 0.5 MiB
# of statistics for each inference.
@pytest.mark.parametrize("size_kib", [2600, 5000])
def test_a_disk_that_fills_up_is_the_runs_cause(
    tmp_path: Path, small_disk: object, size_kib: int
) -> None:
    disk: Path = small_disk(size_kib)  # type: ignore[operator]
    running = LaunchedGem5(tmp_path / "work", *LONG, run=disk / "run")
    ended = running.launched.end(START_S)

    assert "Traceback" not in ended.stderr
    assert [each for each in ended.complaints if not each.startswith("file")] == []
    assert ended.code == 1, ended.stderr
    assert ended.stderr.count("harness: error") == 1
    assert "the disk is full" in ended.stderr


def test_a_recording_on_a_full_disk_fails_the_run(tmp_path: Path, small_disk: object) -> None:
    disk: Path = small_disk(256)  # type: ignore[operator]
    running = LaunchedGem5(tmp_path / "work", *LONG, "--record", str(disk / "trace"))
    ended = running.end(START_S)

    check(ended, "model failed", "recording")


def test_a_limit_of_file_sizes_is_one_message(tmp_path: Path) -> None:
    limit = 2 << 20
    command = [sys.executable, "-m", "harness.cli.main"]
    done = subprocess.run(
        [*command, "run", "lenet5", "--backend", "gem5", "--cpu", "timing", *LONG, "--quiet"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        timeout=START_S,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("harness: error") == 1, done.stderr
    assert "Traceback" not in done.stderr
