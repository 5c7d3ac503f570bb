"""`harness launch` around the real gem5 and scripts that know nothing of harness."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.run.ending import Ending
from harness.run.launch.launch import launch
from harness.run.launch.outcome import read_outcome
from harness.run.launch.spec import LaunchSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.run.launch.launch import FinishedLaunch

    Run = Callable[..., FinishedLaunch]

pytestmark = [pytest.mark.gem5, pytest.mark.slow]

SCRIPTS = Path(__file__).with_name("user_boards")
LAST_THREAD = "exiting with last active thread context"
_X86_PROBE = (
    "import m5.objects\nprint('has x86: ' + str(hasattr(m5.objects, 'X86AtomicSimpleCPU')))"
)
_SOURCE = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv) {
    setvbuf(stdout, 0, _IONBF, 0);
    puts("Hello world!");
    if (argc > 1 && !strcmp(argv[1], "crash")) *(volatile int *)0 = 1;
    if (argc > 1 && !strcmp(argv[1], "take")) {
        volatile char *memory = malloc(400 << 20);
        for (long i = 0; i < 400 << 20; i += 4096) memory[i] = 1;
        argv[1] = "loop";
    }
    if (argc > 1 && !strcmp(argv[1], "fail"))  /* m5_fail(delay 0, code 4) */
        asm volatile(".byte 0x0f, 0x04; .word 0x22" : : "D"(0), "S"(4));
    for (volatile long i = 0; argc > 1 && !strcmp(argv[1], "loop"); i++) { }
    return argc > 1 ? atoi(argv[1]) : 0;
}
"""


@pytest.fixture(scope="module")
def gem5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Any gem5 with x86: our extension is not needed."""
    name = os.environ.get("GEM5") or shutil.which("gem5.opt")
    if not name:
        pytest.skip("there is no gem5.opt on PATH and no $GEM5")
    folder = tmp_path_factory.mktemp("probe")
    argv = [name, "-d", str(folder), "-c", _X86_PROBE]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if "has x86: True" not in done.stdout:
        pytest.skip(f"{name} was built without x86, or does not start")
    return Path(name)


@pytest.fixture(scope="module")
def hello(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static program for the guest."""
    folder = tmp_path_factory.mktemp("guest")
    (folder / "hello.c").write_text(_SOURCE)
    if not shutil.which("gcc"):
        pytest.skip("there is no gcc for the guest's program")
    argv = ["gcc", "-O1", "-static", "hello.c", "-o", "hello"]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"gcc cannot link a static program: {done.stderr.strip()[-200:]}")
    return folder / "hello"


@pytest.fixture
def objects(gem5: Path, hello: Path, tmp_path: Path) -> Run:
    """Launch the script of objects: what it is to do, its program's arguments."""

    def launched(what: str, *arguments: str, **fields: Any) -> FinishedLaunch:
        argv = (str(gem5), str(SCRIPTS / "hello_objects.py"), what, str(hello), *arguments)
        return launch(LaunchSpec(argv, **fields), str(tmp_path / "run"), None)

    return launched


@pytest.fixture
def library(gem5: Path, hello: Path, tmp_path: Path) -> Run:
    """Launch the script of the standard library, which tells nothing."""

    def launched(*arguments: str, **fields: Any) -> FinishedLaunch:
        argv = (str(gem5), str(SCRIPTS / "hello_library.py"), str(hello), *arguments)
        return launch(LaunchSpec(argv, **fields), str(tmp_path / "run"), None)

    return launched


def test_a_hello_world_of_the_standard_library_is_a_success(library: Run, hello: Path) -> None:
    finished = library()
    outcome = finished.outcome
    assert outcome.ending is Ending.SUCCESS, outcome.message
    assert (outcome.exit_cause, outcome.dumps) == (LAST_THREAD, 1)
    assert outcome.ticks > 0
    assert outcome.gem5["version"]
    assert outcome.gem5["compiled"]
    assert outcome.build["USE_X86_ISA"] is True
    assert str(hello) in {each["path"] for each in outcome.inputs}
    assert "Hello world!" in (finished.directory / "m5out" / "simout.txt").read_text()


def test_a_guests_exit_status_that_nobody_prints_is_known(library: Run) -> None:
    outcome = library("3").outcome
    assert outcome.ending is Ending.GUEST_FAILED
    assert "exit status 3" in outcome.message


def test_m5_fail_in_the_guest_is_known(library: Run) -> None:
    outcome = library("fail").outcome
    assert (outcome.status, outcome.ending) == (0, Ending.GUEST_FAILED)
    assert "m5_fail, code 4" in outcome.message


def test_without_notes_a_silent_script_is_judged_by_what_is_left(library: Run) -> None:
    outcome = library(notes_exits=False).outcome
    assert (outcome.ending, outcome.exit_cause, outcome.dumps) == (Ending.SUCCESS, "", 1)
    assert outcome.gem5["version"], "the banner tells it"


@pytest.mark.parametrize("notes", [True, False])
def test_a_script_of_objects_is_a_success_with_and_without_notes(
    objects: Run, *, notes: bool
) -> None:
    outcome = objects("simulate", notes_exits=notes).outcome
    assert (outcome.ending, outcome.exit_cause) == (Ending.SUCCESS, LAST_THREAD)


ENDS = {
    "limit": (Ending.MAX_TICK, "--expect 'simulate() limit reached'"),
    "fatal": (Ending.FATAL, "/no/such/program"),
    "m5.fatal": (Ending.FATAL, "the script does not like this"),
    "no such child": (Ending.SCRIPT_ERROR, "has no attribute 'absent'"),
    "raise": (Ending.SCRIPT_ERROR, "ValueError: after a good simulation"),
    "exit without a number": (Ending.SCRIPT_ERROR, "sys.exit() with nothing"),
    "exit with a text": (Ending.SCRIPT_ERROR, "sys.exit() with a text"),
    "exit 3": (Ending.SCRIPT_ERROR, "exit status 3"),
    "return before": (Ending.WRONG_OUTPUT, "without a call of m5.simulate()"),
}


@pytest.mark.parametrize("what", ENDS)
def test_a_broken_script_is_classed_by_its_evidence(what: str, objects: Run) -> None:
    ending, message = ENDS[what]
    outcome = objects(what).outcome
    assert outcome.ending is ending, outcome
    assert message in outcome.message


def test_a_panic_of_gem5_is_a_crash(objects: Run) -> None:
    outcome = objects("simulate", "crash").outcome
    assert outcome.ending is Ending.CRASH
    assert "panic: Tried to write unmapped address" in outcome.message
    assert outcome.status == -signal.SIGABRT


def test_an_expected_limit_of_ticks_is_a_success(objects: Run) -> None:
    outcome = objects("limit", expect=("simulate() limit reached",)).outcome
    assert (outcome.ending, outcome.ticks) == (Ending.SUCCESS, 1_000_000)


def test_the_time_limit_keeps_the_statistics(objects: Run) -> None:
    outcome = objects("simulate", "loop", timeout_s=5.0).outcome
    assert (outcome.ending, outcome.dumps) == (Ending.TIME_LIMIT, 1)
    assert outcome.simulations[0].cause == "user interrupt received"
    assert outcome.ticks > 0


def test_the_memory_limit_keeps_the_statistics(objects: Run) -> None:
    outcome = objects("simulate", "take", memory_bytes=300 << 20, timeout_s=100).outcome
    assert (outcome.ending, outcome.dumps) == (Ending.OUT_OF_MEMORY, 1)
    assert outcome.peak_memory_bytes > 300 << 20


def test_ctrl_c_keeps_the_statistics(gem5: Path, hello: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    harness = "import sys; from harness.cli.main import console; sys.exit(console())"
    script = [str(SCRIPTS / "hello_objects.py"), "simulate", str(hello), "loop"]
    process = subprocess.Popen(
        [sys.executable, "-c", harness, "launch", "-q", "-o", str(run), "--", str(gem5), *script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        start_new_session=True,
    )
    until = time.monotonic() + 60
    output = run / "m5out" / "simout.txt"
    while not (output.is_file() and "Hello world!" in output.read_text()):
        assert time.monotonic() < until
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    stderr = process.communicate(timeout=60)[1]
    assert (process.returncode, stderr) == (130, "harness: interrupted\n")
    outcome = read_outcome(run)
    assert (outcome.ending, outcome.dumps) == (Ending.CANCELLED, 1)


def test_cmd_sh_simulates_the_same_again(library: Run) -> None:
    finished = library()
    done = subprocess.run(
        ["sh", str(finished.directory / "cmd.sh")], capture_output=True, text=True, check=True
    )
    assert "Hello world!" in done.stdout
    texts = [
        [line for line in (folder / "stats.txt").read_text().splitlines() if line[:4] != "host"]
        for folder in (finished.directory / "m5out", finished.directory / "rerun-1")
    ]
    assert texts[0] == texts[1]
    assert len(texts[0]) > 100


_MULTISIM = """\
import gem5.utils.multisim as multisim
from gem5.components.boards.simple_board import SimpleBoard
from gem5.components.cachehierarchies.classic.no_cache import NoCache
from gem5.components.memory import SingleChannelDDR3_1600
from gem5.components.processors.cpu_types import CPUTypes
from gem5.components.processors.simple_processor import SimpleProcessor
from gem5.isas import ISA
from gem5.resources.resource import BinaryResource
from gem5.simulate.simulator import Simulator

multisim.set_num_processes(2)
for code in ("0", "3"):
    board = SimpleBoard(
        clk_freq="3GHz",
        processor=SimpleProcessor(cpu_type=CPUTypes.ATOMIC, isa=ISA.X86, num_cores=1),
        memory=SingleChannelDDR3_1600(size="32MiB"),
        cache_hierarchy=NoCache(),
    )
    board.set_se_binary_workload(BinaryResource("PROGRAM"), arguments=[code])
    multisim.add_simulator(Simulator(board=board, id=f"returns{code}"))
"""


def test_one_bad_simulation_of_multisim_is_a_failure(
    gem5: Path, hello: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gem5's pool loses what its processes return."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)  # gem5's pool cannot bear it
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    script = tmp_path / "many.py"
    script.write_text(_MULTISIM.replace("PROGRAM", str(hello)))
    argv = (str(gem5), "-m", "gem5.utils.multisim", str(script))
    outcome = launch(LaunchSpec(argv, timeout_s=90), str(tmp_path / "run"), None).outcome
    assert outcome.ending is Ending.GUEST_FAILED, outcome
    assert "exit status 3" in outcome.message
    assert outcome.stats == ("returns0/stats.txt", "returns3/stats.txt")
    assert outcome.dumps in {1, 2}  # gem5's pool may end a process before its last dump
