from __future__ import annotations

import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.launched import Ended, Launched, check_evidence, check_one_message

COUNT = 24
LONGEST_RUN_S = 30.0


def _handles_sigint(launched: Launched) -> bool:
    """Tell whether Python is far enough up to handle SIGINT."""
    for line in Path(f"/proc/{launched.pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (signal.SIGINT - 1) & 1)
    return False


def _interrupted(folder: Path, dice: random.Random, *, is_group: bool) -> Ended:
    delay_s, is_repeated = dice.uniform(0.1, 1.2), dice.random() < 0.25
    launched = Launched(folder, "run", "lenet5", "--quiet", "--output", str(folder / "run"))
    while not _handles_sigint(launched) and launched.process.poll() is None:
        time.sleep(0.001)
    launched.process.poll()
    time.sleep(delay_s)
    launched.interrupt(is_group=is_group)
    if is_repeated:
        time.sleep(0.02)
        launched.interrupt(is_group=is_group)
    ended = launched.end(LONGEST_RUN_S)
    check_one_message(ended)
    check_evidence(ended)
    if ended.code not in (130, 0):
        ended.complaints.append(f"exit code {ended.code}")
    if ended.code == 130 and "harness: interrupted" not in ended.stderr:
        ended.complaints.append("does not say that it was interrupted")
    if ended.code == 0 and "run directory:" not in ended.stdout:
        ended.complaints.append("success, but no report")
    if ended.complaints:
        ended.complaints += [f"after {delay_s:.3f} s, group {is_group}", ended.stderr[-2000:]]
    return ended


@pytest.mark.slow
def test_ctrl_c_at_any_moment_ends_in_good_order(tmp_path: Path) -> None:
    def one(number: int) -> Ended:
        is_group = bool(number % 2)
        return _interrupted(tmp_path / f"{number}", random.Random(number), is_group=is_group)

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(one, range(COUNT)))
    assert [each.complaints for each in outcomes if each.complaints] == []
    assert any(each.code == 130 for each in outcomes)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_batch_systems_signal_ends_a_run_as_ctrl_c_does(
    tmp_path: Path, number: signal.Signals
) -> None:
    launched = Launched(tmp_path, "run", "cnn10", "--output", str(tmp_path / "run"))
    assert launched.wait_for_model()
    while "simulating" not in (tmp_path / "stderr").read_text():
        time.sleep(0.01)
    launched.process.send_signal(number)
    ended = launched.end(LONGEST_RUN_S)
    check_one_message(ended)
    check_evidence(ended)
    assert ended.complaints == []
    assert ended.code == 130
    assert ended.result["exit_cause"] == "interrupted"


def test_a_killed_harness_takes_its_model_along(tmp_path: Path) -> None:
    launched = Launched(tmp_path, "run", "cnn10", "--output", str(tmp_path / "run"))
    pid = launched.wait_for_model()
    assert pid is not None
    while "simulating" not in (tmp_path / "stderr").read_text():
        time.sleep(0.01)
    launched.process.kill()
    launched.process.wait()
    until = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.01)
    ended = launched.end(LONGEST_RUN_S)
    assert not [each for each in ended.complaints if each.startswith("process")]
