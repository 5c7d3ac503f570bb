"""The full-system board with a guest that is no Linux: checkpoint, restore, switch, marks, end."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.gem5.gem5_runs import Gem5Run, run_description, run_gem5

pytestmark = [pytest.mark.gem5, pytest.mark.slow]

_SOURCE = Path(__file__).resolve().parent / "bare_guest" / "kernel.c"
_FLAGS = ["-O2", "-ffreestanding", "-nostdlib", "-static", "-no-pie", "-fno-pic", "-mno-red-zone"]
_PLACE = ["-mgeneral-regs-only", "-fno-stack-protector", "-Wl,-Ttext=0x1000000,-z,norelro"]


def _kernel(folder: Path, *defines: str) -> Path:
    kernel = folder / "kernel"
    command = ["gcc", *_FLAGS, *_PLACE, *defines, str(_SOURCE), "-o", str(kernel)]
    subprocess.run(command, check=True)
    return kernel


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _kernel(tmp_path_factory.mktemp("kernel"), "-DSTATUS=0")


def _description(kernel: Path, cpu: str, *overrides: str, **guest: str) -> Any:
    """Return a run without a model, as `self_test` has it.

    One core: gem5 cannot drain cores that no operating system has started.
    """
    return run_description(
        "smaug",
        "cpu.cores=1",
        *overrides,
        mode="fs",
        cpu=cpu,
        self_test=True,
        model={"argv": [], "mode": "kernel"},
        guest={"kernel": str(kernel), "command_line": "none", **guest},
        maximum_ticks=10**11,
    )


@pytest.fixture(scope="module")
def booted(gem5: Path, kernel: Path, tmp_path_factory: pytest.TempPathFactory) -> Gem5Run:
    folder = tmp_path_factory.mktemp("booted")
    run = _description(kernel, "timing", make_checkpoint="checkpoint")
    return run_gem5(gem5, folder, run)


def _checkpoint(booted: Gem5Run) -> Path:
    return booted.output.parent / "checkpoint"


def _marks(run: Gem5Run) -> list[tuple[str, int]]:
    return [(each["cause"], each["code"]) for each in run.exit()["ticks_at_marks"]]


_INFERENCES = [
    ("harness ready", 0),
    ("harness inference begins", 0),
    ("harness inference ends", 0),
    ("harness inference begins", 1),
    ("harness inference ends", 1),
]


def test_a_boot_ends_with_a_checkpoint(booted: Gem5Run) -> None:
    assert booted.status == 0, booted.stderr
    assert booted.exit()["cause"] == "harness checkpoint"
    assert (_checkpoint(booted) / "m5.cpt").is_file()


@pytest.mark.parametrize("cpu", ["atomic", "timing", "o3"])
@pytest.mark.parametrize("coherent", ["true", "false"])
def test_a_checkpoint_goes_on_with_other_cores_caches_and_interfaces(
    gem5: Path, tmp_path: Path, kernel: Path, booted: Gem5Run, cpu: str, coherent: str
) -> None:
    overrides = (f"dma.coherent={coherent}", "l1d.size=32 KiB", "dram.channels=2")
    checkpoint = str(_checkpoint(booted))
    run = _description(kernel, cpu, *overrides, checkpoint=checkpoint)
    ended = run_gem5(gem5, tmp_path, run)
    assert ended.status == 0, ended.stderr
    assert (ended.exit()["cause"], ended.exit()["code"]) == ("harness exit", 0)
    assert ended.exit()["start_tick"] == booted.exit()["tick"]
    assert _marks(ended) == _INFERENCES
    kind = {"atomic": "X86AtomicSimpleCPU", "timing": "X86TimingSimpleCPU", "o3": "X86O3CPU"}
    cores = ended.config()["system"]["cpu" if cpu == "atomic" else "measured_cpu"]
    assert {core["type"] for core in cores} <= {kind[cpu], f"Base{kind[cpu][3:]}"}


def test_statistics_are_dumped_per_inference(
    gem5: Path, tmp_path: Path, kernel: Path, booted: Gem5Run
) -> None:
    run = _description(kernel, "timing", checkpoint=str(_checkpoint(booted)))
    ended = run_gem5(gem5, tmp_path, run)
    lines = (ended.output / "stats.txt").read_text().splitlines()
    ticks = [int(line.split()[1]) for line in lines if line.startswith("simTicks ")]
    marks = [each["tick"] for each in ended.exit()["ticks_at_marks"]]
    assert ticks[:2] == [marks[2] - marks[1], marks[4] - marks[3]]
    instructions = [
        int(line.split()[1])
        for line in lines
        if line.startswith(("system.measured_cpu.commitStats0.numInsts ",))
    ]
    assert instructions[0] > 1000  # `work` ran on the measured core


def test_the_same_restore_gives_the_same_ticks(
    gem5: Path, tmp_path: Path, kernel: Path, booted: Gem5Run
) -> None:
    exits = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        run = _description(kernel, "o3", checkpoint=str(_checkpoint(booted)))
        exits.append(run_gem5(gem5, folder, run).exit())
    assert exits[0] == exits[1]


def test_without_a_checkpoint_it_boots_and_goes_on(
    gem5: Path, tmp_path: Path, kernel: Path
) -> None:
    ended = run_gem5(gem5, tmp_path, _description(kernel, "timing"))
    assert ended.status == 0, ended.stderr
    assert _marks(ended) == [("harness checkpoint", 0), *_INFERENCES]


def test_a_guest_that_fails_fails_the_run_and_names_its_terminal(
    gem5: Path, tmp_path: Path
) -> None:
    failing = _kernel(tmp_path, "-DSTATUS=3")
    ended = run_gem5(gem5, tmp_path, _description(failing, "atomic"))
    assert ended.status == 1
    assert (ended.exit()["cause"], ended.exit()["code"]) == ("harness exit", 3)
    terminal = ended.output / "system.pc.com_1.device"
    assert f"what the guest printed: {terminal}" in ended.stdout
    assert terminal.read_text() == "booted\n"


def test_a_kernel_that_panics_ends_the_run(gem5: Path, tmp_path: Path) -> None:
    run = _description(_kernel(tmp_path, "-DSTATUS=0", "-DPANICS"), "atomic")
    run["gem5"] |= {"progress_ticks": 10**8, "maximum_ticks": 10**13}
    ended = run_gem5(gem5, tmp_path, run)
    assert ended.status == 1
    assert ended.exit()["cause"] == "harness guest panicked"


def test_a_checkpoint_that_is_not_there_is_named(gem5: Path, tmp_path: Path, kernel: Path) -> None:
    run = _description(kernel, "timing", checkpoint="gone")
    ended = run_gem5(gem5, tmp_path, run)
    assert ended.status == 2
    assert "gem5.guest.checkpoint" in ended.stderr


def test_memory_that_reaches_into_the_devices_is_refused(
    gem5: Path, tmp_path: Path, kernel: Path
) -> None:
    run = _description(kernel, "timing")
    run["gem5"]["memory_bytes"] = 4 << 30
    ended = run_gem5(gem5, tmp_path, run)
    assert ended.status == 2
    assert "3 GiB" in ended.stderr
