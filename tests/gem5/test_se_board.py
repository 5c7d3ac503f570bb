"""The syscall-emulation board without accelerators: cores, caches, memory, the loop, its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.gem5.gem5_runs import CONFIGS, Gem5Run, compile_program, run_description, run_gem5

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.gem5, pytest.mark.slow]

_HELLO = """
#include <stdio.h>
int main(int count, char** words) { printf("hello %s\\n", words[count - 1]); return count - 2; }
"""
_THREADS = """
#include <pthread.h>
#include <stdio.h>
static long sums[4];
static void* work(void* index) {
    for (int i = 0; i < 1000; ++i) __atomic_fetch_add(&sums[(long)index % 2], 1, __ATOMIC_SEQ_CST);
    return 0;
}
int main(void) {
    pthread_t threads[3];
    for (long i = 0; i < 3; ++i) if (pthread_create(&threads[i], 0, work, (void*)i)) return 2;
    work((void*)3);
    for (int i = 0; i < 3; ++i) pthread_join(threads[i], 0);
    printf("sums %ld %ld\\n", sums[0], sums[1]);
    return 0;
}
"""
_FOREVER = "int main(void) { for (volatile long i = 0;; ++i) { } }"
_SLEEPER = """
#include <pthread.h>
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
int main(void) { pthread_mutex_lock(&mutex); return pthread_cond_wait(&never, &mutex); }
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    sources = {"hello": _HELLO, "threads": _THREADS, "forever": _FOREVER, "sleeper": _SLEEPER}
    for name, source in sources.items():
        compile_program(folder, name, source)
    return folder


def _run(
    gem5: Path, folder: Path, program: Path, *options: str, cores: int = 1, **fields: object
) -> Gem5Run:
    run = run_description("smaug", f"cpu.cores={cores}", **fields)
    run["gem5"]["files"] = {"runtime": str(program)}
    return run_gem5(gem5, folder, run, "--no-accelerators", *options)


@pytest.mark.parametrize("cpu", ["atomic", "timing", "o3"])
def test_a_program_runs_on_every_kind_of_core(
    gem5: Path, tmp_path: Path, programs: Path, cpu: str
) -> None:
    run = _run(gem5, tmp_path, programs / "hello", "--arguments", cpu, cpu=cpu, fast_forward=False)
    assert run.status == 0, run.stderr
    assert f"hello {cpu}" in run.stdout
    assert "harness: exit harness exit" in run.stdout.splitlines()
    assert (run.exit()["cause"], run.exit()["code"]) == ("harness exit", 0)


@pytest.mark.parametrize("cpu", ["atomic", "timing", "o3"])
def test_threads_share_memory_coherently(
    gem5: Path, tmp_path: Path, programs: Path, cpu: str
) -> None:
    run = _run(
        gem5, tmp_path, programs / "threads", "--arguments", cores=4, cpu=cpu, fast_forward=False
    )
    assert run.status == 0, run.stderr
    assert "sums 2000 2000" in run.stdout


def test_the_program_s_status_is_a_failure_with_its_code(
    gem5: Path, tmp_path: Path, programs: Path
) -> None:
    run = _run(gem5, tmp_path, programs / "hello", "--arguments", "a", "b", "c", cpu="atomic")
    assert run.status == 1
    assert run.exit()["code"] == 2


def test_the_tick_limit_ends_the_run_there(gem5: Path, tmp_path: Path, programs: Path) -> None:
    run = _run(
        gem5, tmp_path, programs / "forever", "--arguments", "--max-ticks", "5000000", cpu="atomic"
    )
    assert run.status == 1
    assert run.exit()["cause"] == "simulate() limit reached"
    assert run.exit()["tick"] == 5_000_000
    assert "simTicks" in (run.output / "stats.txt").read_text()


def test_a_guest_that_waits_for_ever_is_ended(gem5: Path, tmp_path: Path, programs: Path) -> None:
    run = _run(
        gem5, tmp_path, programs / "sleeper", "--arguments", cpu="atomic", progress_ticks=10**10
    )
    assert run.status == 1
    assert run.exit()["cause"] == "harness stalled"
    assert 10**12 <= run.exit()["tick"] <= 2 * 10**12


def test_progress_is_told_and_changes_nothing(gem5: Path, tmp_path: Path, programs: Path) -> None:
    ticks = []
    for period in (10**6, 10**12):
        folder = tmp_path / str(period)
        folder.mkdir()
        run = _run(gem5, folder, programs / "hello", "--arguments", "x", progress_ticks=period)
        assert ("harness: tick" in run.stdout) == (period == 10**6)
        ticks.append(run.exit()["tick"])
    assert ticks[0] == ticks[1]


def test_an_interrupt_ends_the_run_in_order(gem5: Path, tmp_path: Path, programs: Path) -> None:
    (tmp_path / "m5out").mkdir()
    run = run_description("smaug", "cpu.cores=1", cpu="atomic", progress_ticks=10**6)
    run["gem5"]["files"] = {"runtime": str(programs / "forever")}
    path = tmp_path / "run.json"
    path.write_text(json.dumps(run))
    output = tmp_path / "m5out"
    argv = [gem5, "-d", output, CONFIGS / "se.py", path, "--no-accelerators", "--arguments"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([str(each) for each in argv], stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while b"harness: tick" not in (tmp_path / "log").read_bytes():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    exit_text = (output / "exit.json").read_text()
    assert json.loads(exit_text)["cause"] == "user interrupt received"
    assert "simTicks" in (output / "stats.txt").read_text()
    assert not list(output.glob("*.partial"))


def test_what_is_missing_is_the_user_s_error_with_status_2(gem5: Path, tmp_path: Path) -> None:
    run = run_description()
    del run["gem5"]["threads"]
    ended = run_gem5(gem5, tmp_path, run)
    assert ended.status == 2
    assert "gem5.threads is missing" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_runtime_that_is_not_there_is_named(gem5: Path, tmp_path: Path) -> None:
    ended = run_gem5(gem5, tmp_path, run_description(files={"runtime": "gone"}))
    assert ended.status == 2
    assert f"gem5.files.runtime: no such file: {tmp_path.resolve() / 'gone'}" in ended.stderr


def test_more_threads_than_cores_are_refused(gem5: Path, tmp_path: Path, programs: Path) -> None:
    ended = _run(gem5, tmp_path, programs / "hello", "--arguments", cores=2, threads=3)
    assert ended.status == 2
    assert "gem5.threads is 3, and target.cpu.cores is 2" in ended.stderr


def test_a_run_of_the_other_mode_is_refused(gem5: Path, tmp_path: Path) -> None:
    ended = run_gem5(gem5, tmp_path, run_description(mode="fs"), script=CONFIGS / "se.py")
    assert ended.status == 2
    assert "gem5.mode is 'fs'" in ended.stderr


def test_the_board_has_the_target_s_numbers(gem5: Path, tmp_path: Path, programs: Path) -> None:
    overrides = ["dram.channels=2", "cpu.cores=2"]
    run = run_description("mobile", *overrides, cpu="atomic")
    run["gem5"]["files"] = {"runtime": str(programs / "hello")}
    ended = run_gem5(gem5, tmp_path, run, "--no-accelerators", "--arguments", "x")
    assert ended.status == 0, ended.stderr
    target, system = run["target"], ended.config()["system"]
    dram = system["mem_ctrls"][0]["dram"]
    for name in ("tRCD", "tCL", "tRP", "tRAS", "tBURST", "tWR", "tRTP", "tRRD", "tRFC", "tREFI"):
        assert dram[name] == target["dram"][f"{name}_ticks"], name
    burst_bits = dram["devices_per_rank"] * dram["device_bus_width"] * dram["burst_length"]
    assert burst_bits == 8 * target["dram"]["burst_bytes"]
    assert dram["device_rowbuffer_size"] == target["dram"]["row_bytes"]
    assert len(system["mem_ctrls"]) == 2
    assert len(system["cpu"]) == 2
    assert system["l2"]["size"] == target["l2"]["size_bytes"]
    assert system["l2"]["tag_latency"] == target["l2"]["hit_latency_cycles"]
    assert system["membus"]["frontend_latency"] == target["bus"]["latency_cycles"]
    assert system["membus"]["width"] == target["bus"]["width_bytes"]
    assert os.path.basename(system["cpu"][0]["workload"][0]["cmd"][0]) == "hello"  # noqa: PTH119
