"""attach_accelerators on boards of gem5's standard library."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.gem5.gem5_runs import compile_program, run_description, run_gem5

pytestmark = [pytest.mark.gem5, pytest.mark.slow]

BOARDS = Path(__file__).resolve().parent / "user_boards"
GIB = 1 << 30
IO_HOLE = 3 * GIB
_MODEL = [sys.executable, "-m", "harness.bridge.serve", "vector_mac"]
_OPENS = """
#include <fcntl.h>
#include <sys/ioctl.h>
#include "harness_device.h"
int main(void) {
    struct harness_info info = {0};
    int device = open("/dev/harness", O_RDWR);
    if (device < 0) return 2;
    if (ioctl(device, HARNESS_IOC_INFO, &info)) return 3;
    return info.instances == 3 && (info.flags & HARNESS_FLAG_COHERENT) == COHERENT ? 0 : 4;
}
"""


def _description(folder: Path, *overrides: str) -> dict[str, object]:
    """Return a run of three accelerators, and a program that is there but is not looked at."""
    (folder / "runtime").write_bytes(b"")
    model = {"argv": _MODEL, "mode": "kernel"}
    overrides = ("accelerator.count=3", "cpu.cores=1", *overrides)
    return run_description("smaug", *overrides, model=model)


@pytest.mark.parametrize("coherent", ["true", "false"])
def test_a_program_on_a_standard_library_board_finds_the_accelerators(
    gem5: Path, tmp_path: Path, coherent: str
) -> None:
    abi = Path(__file__).resolve().parents[2] / "gem5_configs" / "guest" / "abi"
    source = _OPENS.replace("COHERENT ?", f"{int(coherent == 'true')} ?")
    source = source.replace('"harness_device.h"', f'"{abi / "harness_device.h"}"')
    program = compile_program(tmp_path, "opens", source)
    run = _description(tmp_path, f"dma.coherent={coherent}")
    script = BOARDS / "simple_board.py"
    ended = run_gem5(gem5, tmp_path, run, "classic", str(program), script=script)
    assert ended.status == 0, ended.stderr
    assert "ended: exiting with last active thread context 0" in ended.stdout
    assert not list(ended.output.glob("bridge-*"))


def test_ruby_is_refused_by_name(gem5: Path, tmp_path: Path) -> None:
    script = BOARDS / "simple_board.py"
    run = _description(tmp_path)
    ended = run_gem5(gem5, tmp_path, run, "ruby", str(tmp_path / "runtime"), script=script)
    assert ended.status == 2
    assert "Ruby" in ended.stderr
    assert "classic caches" in ended.stderr


@pytest.mark.parametrize("memory", ["512MiB", "3GiB"])
def test_a_standard_library_pc_keeps_linux_where_the_bridge_forwards(
    gem5: Path, tmp_path: Path, memory: str
) -> None:
    kernel = compile_program(tmp_path, "kernel", "int main(void) { return 0; }\n")
    run = _description(tmp_path)
    script = BOARDS / "x86_board.py"
    ended = run_gem5(gem5, tmp_path, run, memory, str(kernel), "1", script=script)
    assert ended.status == 0, ended.stderr
    lines = [line.split() for line in ended.stdout.splitlines()]
    mapped = sorted(
        (int(words[1], 16), int(words[1], 16) + int(words[2], 16))
        for words in lines
        if words[:1] == ["map"]
    )
    first_open = mapped[0][0]
    for start, end in mapped:
        if start > first_open:
            break
        first_open = max(first_open, end)
    assert first_open >= IO_HOLE + (1 << 20)  # the board's I/O cache claims the first MiB
    routes = dict(tuple(map(int, words[1:])) for words in lines if words[:1] == ["route"])
    device, pin = next(tuple(map(int, words[1:])) for words in lines if words[:1] == ["function"])
    assert routes[device] == pin
    assert len(set(routes.values())) == len(routes)


def test_too_many_accelerators_are_refused(gem5: Path, tmp_path: Path) -> None:
    run = _description(tmp_path)
    run["target"]["accelerator"]["count"] = 16  # type: ignore[index]
    script = BOARDS / "simple_board.py"
    ended = run_gem5(gem5, tmp_path, run, "classic", str(tmp_path / "runtime"), script=script)
    assert ended.status == 2
    assert "target.accelerator.count is 16" in ended.stderr
