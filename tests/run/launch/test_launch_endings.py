"""Every row of the truth table: what a gem5 does, and how its launch is classed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.base.errors import ExitCode
from harness.run.ending import Ending
from harness.run.launch.outcome import read_outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.run.launch.launch import FinishedLaunch

    Run = Callable[..., FinishedLaunch]

LAST_THREAD = "exiting with last active thread context"


def test_a_simulation_with_a_cause_and_a_whole_dump_is_a_success(run: Run) -> None:
    finished = run("gem5.good(5000)")
    outcome = finished.outcome
    assert (finished.exit_code, outcome.ending) == (ExitCode.OK, Ending.SUCCESS)
    assert (outcome.exit_cause, outcome.ticks, outcome.dumps) == (LAST_THREAD, 5000, 1)
    assert outcome.gem5["version"] == "24.0.0.1"
    assert outcome.build == {"PROTOCOL": "MI_example"}
    assert set(outcome.hashes) == {"config.ini", "config.json"}
    assert outcome.peak_memory_bytes > 1 << 20
    assert not outcome.message


def test_the_printed_cause_serves_where_gem5_noted_none(run: Run) -> None:
    finished = run(
        "gem5.dump(700)\nprint('Exiting @ tick 700 because m5_exit instruction encountered')",
        notes_exits=False,
    )
    assert finished.outcome.ending is Ending.SUCCESS
    assert finished.outcome.exit_cause == "m5_exit instruction encountered"
    assert finished.outcome.ticks == 700


CASES: dict[str, tuple[str, Ending, str]] = {
    "m5_fail of the standard library": (
        "gem5.exits('m5_fail instruction encountered', code=4); gem5.dump()",
        Ending.GUEST_FAILED,
        "m5_fail, code 4",
    ),
    "guest's exit status": (
        f"gem5.exits('{LAST_THREAD}', code=3); gem5.dump()",
        Ending.GUEST_FAILED,
        "exit status 3",
    ),
    "guest's exit status, printed": (
        "gem5.dump(); print('Exiting @ tick 9 because exiting with last active thread context')\n"
        "print('Simulated exit code not 0! Exit code is 7')",
        Ending.GUEST_FAILED,
        "exit status 7",
    ),
    "guest's exit status, handed on": (
        f"gem5.exits('{LAST_THREAD}', code=3); gem5.dump(); raise SystemExit(3)",
        Ending.GUEST_FAILED,
        "exit status 3",
    ),
    "limit of ticks": (
        "gem5.exits('simulate() limit reached'); gem5.dump()",
        Ending.MAX_TICK,
        "--expect 'simulate() limit reached'",
    ),
    "kernel panic that gem5 saw": (
        "gem5.exits('Kernel panic in simulated system.'); gem5.dump()",
        Ending.GUEST_PANIC,
        "kernel gave up",
    ),
    "kernel panic that gem5 panicked on": (
        "gem5.abort('src/kern/system_events.cc:9: panic: Kernel panic in simulated kernel')",
        Ending.GUEST_PANIC,
        "Kernel panic in simulated kernel",
    ),
    "oops in a terminal": (
        "(gem5.outdir / 'system.terminal').write_bytes(b'[1] Oops: 0002 [#1] \\xff\\n')\n"
        "gem5.good()",
        Ending.GUEST_PANIC,
        "Oops: 0002",
    ),
    "fatal": (
        "gem5.complain('src/mem/cache.cc:12: fatal: size is odd\\nMemory Usage: 9 KBytes')\n"
        "raise SystemExit(1)",
        Ending.FATAL,
        "size is odd",
    ),
    "m5.fatal": (
        "gem5.complain('fatal: no such part'); raise SystemExit(1)",
        Ending.FATAL,
        "no such part",
    ),
    "fatal behind a wrapper's 0": (
        "gem5.complain('src/mem/cache.cc:12: fatal: size is odd')",
        Ending.FATAL,
        "size is odd",
    ),
    "panic": (
        "gem5.abort('src/mem/x.cc:1: panic: lost a packet')",
        Ending.CRASH,
        "lost a packet",
    ),
    "assertion": (
        'gem5.abort("gem5.opt: src/x.cc:3: void f(): Assertion `a == b\' failed.")',
        Ending.CRASH,
        "Assertion `a == b' failed",
    ),
    "segmentation fault": (
        "gem5.complain('gem5 has encountered a segmentation fault!')\n"
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        Ending.CRASH,
        "segmentation fault",
    ),
    "abort without a word": (
        "import os; os.abort()",
        Ending.CRASH,
        "SIGABRT",
    ),
    "exception": (
        "gem5.complain('warn: x'); raise ValueError('wrong\\nand more')",
        Ending.SCRIPT_ERROR,
        "ValueError: wrong\nand more\n  at: ",
    ),
    "exception after a good simulation": (
        "gem5.good(); raise KeyError('late')",
        Ending.SCRIPT_ERROR,
        "KeyError: 'late'",
    ),
    "sys.exit() without a number": (
        "gem5.complain(\"terminate called after throwing an instance of 'pybind11::cast_error'\\n\""
        "\"  what():  Unable to cast Python instance of type <class 'NoneType'> to C++ type 'int'\""
        ")\nimport os; os.abort()",
        Ending.SCRIPT_ERROR,
        "sys.exit(0)",
    ),
    "sys.exit(3)": (
        "gem5.good(); raise SystemExit(3)",
        Ending.SCRIPT_ERROR,
        "exit status 3",
    ),
    "arguments that argparse refuses": (
        "import argparse; p = argparse.ArgumentParser(); p.parse_args(['--what'])",
        Ending.SCRIPT_ERROR,
        "unrecognized arguments",
    ),
    "no memory for C++": (
        "gem5.abort(\"terminate called after throwing an instance of 'std::bad_alloc'\")",
        Ending.OUT_OF_MEMORY,
        "bad_alloc",
    ),
    "no memory for the guest": (
        "gem5.complain('src/mem/physical.cc:9: fatal: Could not mmap 9 bytes for range [0:9]!')\n"
        "raise SystemExit(1)",
        Ending.OUT_OF_MEMORY,
        "Could not mmap",
    ),
    "disk full": (
        "raise OSError(28, 'No space left on device')",
        Ending.DISK_FULL,
        "No space left",
    ),
    "killed by somebody": (
        "import os; os.kill(os.getpid(), 15)",
        Ending.CANCELLED,
        "SIGTERM, and not by harness",
    ),
    "nothing simulated": ("pass", Ending.WRONG_OUTPUT, "--no-stats-needed"),
    "dump cut off": (
        "gem5.good(); gem5.dump(is_cut=True)",
        Ending.WRONG_OUTPUT,
        "cut off",
    ),
    "interrupted inside": (
        "gem5.exits('user interrupt received'); gem5.dump()",
        Ending.CANCELLED,
        "interrupted gem5",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_end_is_classed_by_its_evidence(case: str, run: Run) -> None:
    text, ending, message = CASES[case]
    finished = run(text)
    assert finished.outcome.ending is ending, finished.outcome
    assert message in finished.outcome.message
    assert finished.exit_code is ExitCode.RUN_FAILED
    assert read_outcome(finished.directory) == finished.outcome


ACCEPTED: dict[str, tuple[str, dict[str, Any]]] = {
    "an expected limit": (
        "gem5.exits('simulate() limit reached'); gem5.dump()",
        {"expect": ("simulate() limit*",)},
    ),
    "an expected failure": (
        "gem5.exits('m5_fail instruction encountered', code=4); gem5.dump()",
        {"expect": ("m5_fail*, code 4",)},
    ),
    "no statistics on purpose": ("pass", {"needs_stats": False}),
    "a guest that may panic": (
        "(gem5.outdir / 'system.terminal').write_text('Kernel panic - not syncing\\n')\n"
        "gem5.good()",
        {"watches_guest": False},
    ),
    "a check that holds": ("gem5.good()", {"checks": ('grep -q finalTick "$HARNESS_OUTDIR"/s*',)}),
    "a guest that only says panic": (
        "gem5.complain('panic: runtime error: index out of range'); gem5.good()",
        {},
    ),
    "a printed word about memory": ("gem5.complain('Out of memory, almost'); gem5.good()", {}),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_the_user_allows_is_a_success(case: str, run: Run) -> None:
    text, fields = ACCEPTED[case]
    assert run(text, **fields).outcome.ending is Ending.SUCCESS


def test_another_cause_than_the_expected_ones_is_wrong(run: Run) -> None:
    outcome = run("gem5.good()", expect=("workend", "m5_exit*")).outcome
    assert outcome.ending is Ending.WRONG_OUTPUT
    assert f"expected: 'workend' or 'm5_exit*'\n  got: '{LAST_THREAD}'" in outcome.message


def test_a_check_that_fails_is_wrong_output_and_keeps_what_it_said(run: Run) -> None:
    finished = run("gem5.good()", checks=("true", "echo too few misses; exit 4"))
    assert finished.outcome.ending is Ending.WRONG_OUTPUT
    assert "echo too few misses; exit 4: exit status 4\n" in finished.outcome.message
    assert "too few misses" in (finished.directory / "checks.txt").read_text()


def test_gem5s_own_redirection_and_older_names_are_read(run: Run) -> None:
    text = "import os\nos.write(2, b'src/x.cc:1: panic: lost\\n'); os.abort()"
    finished = run(text, options=("-re",))
    assert (finished.directory / "m5out" / "simerr").is_file()
    assert finished.outcome.ending is Ending.CRASH
    assert "lost" in finished.outcome.message
