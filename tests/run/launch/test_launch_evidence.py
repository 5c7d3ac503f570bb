"""What is read from files: dumps, messages, terminals, the kernel's counts of killed processes."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from harness.run.ending import Ending
from harness.run.launch import kernel_kills
from harness.run.launch.kernel_kills import OomCounts, oom_counts
from harness.run.launch.launch import launch
from harness.run.launch.messages import Messages, read_messages
from harness.run.launch.spec import LaunchSpec
from harness.run.launch.stats_evidence import read_stats_evidence, stats_name
from harness.run.launch.summary import last_lines
from harness.run.launch.terminals import GuestTerminals

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.run.launch.launch import FinishedLaunch

    Run = Callable[..., FinishedLaunch]

BEGIN = "\n---------- Begin Simulation Statistics ----------\n"
END = "\n---------- End Simulation Statistics   ----------\n"
DUMP = f"{BEGIN}simTicks 5 # x (Tick)\n{END}"


@pytest.mark.parametrize(
    ("text", "dumps", "is_cut"),
    [
        ("", 0, False),
        (DUMP, 1, False),
        (DUMP * 3, 3, False),
        (DUMP + BEGIN + "simTicks", 1, True),
        (BEGIN + "simTicks 4\n" + DUMP, 1, True),
        (BEGIN, 0, True),
        (DUMP + "-" * (1 << 20) + DUMP, 2, False),
        ("-" * ((1 << 20) - 70) + DUMP, 1, False),
    ],
)
def test_whole_dumps_are_counted(text: str, dumps: int, is_cut: bool, tmp_path: Path) -> None:  # noqa: FBT001
    (tmp_path / "stats.txt").write_text(text)
    (tmp_path / "stats.txt.gz").write_bytes(gzip.compress(text.encode()))
    for option in ("", "text://stats.txt?desc=False", "stats.txt.gz"):
        found = read_stats_evidence(tmp_path, option)
        assert (found.dumps, found.is_cut) == (dumps, is_cut)


def test_a_gzip_file_that_was_cut_off_is_cut(tmp_path: Path) -> None:
    data = gzip.compress((DUMP * 1000).encode())
    (tmp_path / "s.gz").write_bytes(data[:-20])
    assert read_stats_evidence(tmp_path, "s.gz").is_cut


def test_statistics_of_other_kinds_and_places_are_found(tmp_path: Path) -> None:
    (tmp_path / "p0").mkdir()
    (tmp_path / "p0" / "stats.txt").write_text(DUMP)
    assert read_stats_evidence(tmp_path, "").files == ("p0/stats.txt",)
    (tmp_path / "stats.h5").write_bytes(b"\x89HDF")
    found = read_stats_evidence(tmp_path, "h5://stats.h5?chunking=10")
    assert (found.dumps, found.is_text) == (1, False)
    (tmp_path / "elsewhere").write_text(DUMP)
    assert read_stats_evidence(tmp_path / "p0", str(tmp_path / "elsewhere")).dumps == 1
    assert stats_name("text://a.txt?spaces=False") == "a.txt"


def test_the_last_exception_is_told_from_what_stands_before_it() -> None:
    stderr = (
        "src/x.cc:3: warn: odd\nValueError: first\n\nAt:\n  a.py(1): <module>\n\n"
        "info: more\nmy.module.OwnError: second\nof: two lines\n\nAt:\n"
        "  src/python/m5/SimObject.py(8): f\n  b.py(7): g\n  src/python/m5/main.py(669): main\n"
    )
    what, where = Messages("", stderr).exception()
    assert (what, where) == ("my.module.OwnError: second\nof: two lines", "b.py(7): g")
    assert (
        Messages("", "Traceback (most recent call last):\n  File x\nKeyError: 'y'\n").exception()[0]
        == "KeyError: 'y'"
    )
    assert Messages("", "all is well").exception() == ("", "")


def test_a_very_large_output_is_read_at_both_ends(tmp_path: Path) -> None:
    with (tmp_path / "simout.txt").open("w") as file:
        file.write("gem5 version 24.0.0.1\ngem5 compiled Nov 1 2026\n")
        file.write("x" * 100 + "\n" * (6 << 20))
        file.write("Exiting @ tick 12 because m5_exit instruction encountered\n")
    found = read_messages(tmp_path)
    assert found.banner() == {"version": "24.0.0.1", "compiled": "Nov 1 2026"}
    printed = found.printed_exit()
    assert printed is not None
    assert (printed.tick, printed.cause) == (12, "m5_exit instruction encountered")


def test_the_last_lines_leave_warnings_and_backtraces_out(tmp_path: Path) -> None:
    path = tmp_path / "simerr.txt"
    path.write_text(
        "Global frequency\nsrc/a.cc:1: warn: odd\n      which goes on\ninfo: b\n\npanic: lost\n"
        "--- BEGIN LIBC BACKTRACE ---\ngem5.opt(+0x1)\n--- END LIBC BACKTRACE ---\n  the end\n"
    )
    assert last_lines(path) == ["Global frequency", "panic: lost", "  the end"]
    assert last_lines(tmp_path / "none") == []


def test_a_panic_in_pieces_is_seen_in_any_terminal(tmp_path: Path) -> None:
    terminals = GuestTerminals(tmp_path)
    path = tmp_path / "board.platform.terminal"
    path.write_bytes(b"\xff boots\n[ 1.0] Kernel pa")
    terminals.look()
    assert not terminals.panic
    with path.open("ab") as file:
        file.write(b"nic - not syncing: no init")
    terminals.look()
    terminals.finish()
    assert terminals.panic == "board.platform.terminal: [ 1.0] Kernel panic - not syncing: no init"


def test_a_soft_lockup_is_no_panic(tmp_path: Path) -> None:
    (tmp_path / "system.terminal").write_text("watchdog: BUG: soft lockup - CPU#0 stuck\n")
    terminals = GuestTerminals(tmp_path)
    terminals.finish()
    assert (terminals.panic, terminals.trouble) == ("", "")


def test_sigkill_while_the_kernel_kills_for_memory_is_out_of_memory(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = iter([OomCounts(3, -1), OomCounts(4, -1)])
    monkeypatch.setattr("harness.run.launch.supervise.oom_counts", lambda: next(counts))
    outcome = run("import os; os.kill(os.getpid(), 9)").outcome
    assert (outcome.ending, outcome.status) == (Ending.OUT_OF_MEMORY, -signal.SIGKILL)


def test_sigkill_without_such_evidence_is_somebody_elses(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.run.launch.supervise.oom_counts", lambda: OomCounts(3, 0))
    monkeypatch.setattr("harness.run.launch.evidence.was_named_in_log", lambda _: False)
    assert run("import os; os.kill(os.getpid(), 9)").outcome.ending is Ending.CANCELLED


def test_the_kernels_log_names_who_was_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    log = (
        "6,1,2,-;oom-kill:constraint=CONSTRAINT_MEMCG,task=gem5.opt,pid=4711,uid=0\n"
        "3,1,2,-;Memory cgroup out of memory: Killed process 4712 (gem5.opt) total-vm:9kB\n"
    )
    monkeypatch.setattr(kernel_kills, "_kernel_log", lambda: log)
    assert kernel_kills.was_named_in_log({4711})
    assert kernel_kills.was_named_in_log({4712})
    assert not kernel_kills.was_named_in_log({9, 0})


def test_counts_rise_only_where_the_kernel_tells_them() -> None:
    assert OomCounts(-1, 2).has_risen_since(OomCounts(-1, 1))
    assert not OomCounts(4, -1).has_risen_since(OomCounts(-1, -1))
    assert oom_counts().machine >= 0


@pytest.fixture
def small_group() -> Path:
    """A control group of 120 MB; it goes with the test."""
    from pathlib import Path

    for root, limit in (
        (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
        (Path("/sys/fs/cgroup"), "memory.max"),
    ):
        group = root / f"harness-test-{os.getpid()}"
        try:
            group.mkdir()
            (group / limit).write_text("120000000")
        except OSError:
            if group.is_dir():
                group.rmdir()
            continue
        return group
    pytest.skip("control groups for memory cannot be made here")


def test_the_kernels_own_killer_is_out_of_memory(
    small_group: Path, gem5: Path, tmp_path: Path
) -> None:
    if not shutil.which("sh"):
        pytest.skip("there is no sh")
    script = tmp_path / "user.py"
    script.write_text("gem5.hang(takes=400 << 20)")
    enter = f'echo $$ > {small_group}/cgroup.procs; exec "$@"'
    argv = ("sh", "-c", enter, "sh", str(gem5), str(script))
    try:
        outcome = launch(LaunchSpec(argv, timeout_s=60), str(tmp_path / "run"), None).outcome
    finally:
        small_group.rmdir()
    assert outcome.ending is Ending.OUT_OF_MEMORY
    assert "the kernel killed gem5" in outcome.message
