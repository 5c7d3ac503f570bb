"""What /dev/harness answers to a program in the guest, and what the Linux driver compiles with."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.gem5.gem5_runs import (
    CONFIGS,
    Gem5Run,
    compile_driver_test,
    pinned_bytes,
    run_description,
    run_gem5,
)

pytestmark = [pytest.mark.gem5, pytest.mark.slow]

_GUEST = CONFIGS / "guest"
_FILES = ("program", "weights", "inputs")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_driver_test(tmp_path_factory.mktemp("driver"))


def _emulated(gem5: Path, folder: Path, program: Path, *overrides: str, cpu: str) -> Gem5Run:
    """Run the program in the runtime's place, without a model."""
    for name in _FILES:
        (folder / name).write_bytes(b"")
    run = run_description(
        "smaug",
        "cpu.cores=1",
        *overrides,
        cpu=cpu,
        self_test=True,
        fast_forward=False,
        model={"argv": [], "mode": "kernel"},
        files={"runtime": str(program), **{name: name for name in _FILES}},
    )
    return run_gem5(gem5, folder, run)


@pytest.mark.parametrize("cpu", ["timing", "o3"])
@pytest.mark.parametrize("coherence", ["coherent=true", "coherent=false"])
def test_the_emulated_driver_answers_as_the_linux_driver_does(
    gem5: Path, tmp_path: Path, program: Path, cpu: str, coherence: str
) -> None:
    run = _emulated(gem5, tmp_path, program, coherence, "accelerators=2", cpu=cpu)
    lines = run.stdout.splitlines()
    assert [each for each in lines if each.startswith("FAIL")] == []
    assert run.status == 0, run.stdout[-2000:] + run.stderr[-2000:]
    assert sum(each.startswith("PASS") for each in lines) > 90
    assert (run.output / "guest_file_20.bin").read_bytes() == pinned_bytes()


@pytest.mark.timeout(180)
def test_the_linux_driver_compiles_without_a_warning(tmp_path: Path) -> None:
    headers = [Path(f"/lib/modules/{platform.release()}/build")]
    headers += sorted(Path("/lib/modules").glob("*/build"))
    kernel = next((each for each in headers if (each / "Module.symvers").is_file()), None)
    if kernel is None:
        pytest.skip("there are no kernel headers below /lib/modules (Debian: linux-headers-amd64)")
    module = shutil.copytree(_GUEST / "driver", tmp_path / "driver")
    command = ["make", "-C", str(kernel), f"M={module}", f"HARNESS_ABI={_GUEST / 'abi'}", "W=1"]
    done = subprocess.run([*command, "modules"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr.lower()
    assert (module / "harness.ko").is_file()
