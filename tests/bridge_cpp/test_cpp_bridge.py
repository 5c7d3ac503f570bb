"""The C++ end's own tests, where `make test` has built them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "cpp" / "tests" / "cpp" / "bridge"
VECTORS = ROOT / "tests" / "protocol" / "vectors" / "bridge_v1.json"


def _run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = FOLDER / name
    if not program.is_file():
        pytest.skip(
            f"{name} is not built: `make test` builds it where GoogleTest's, ZeroMQ's and "
            "protobuf's C++ headers are present"
        )
    return subprocess.run(
        [str(program), *arguments], capture_output=True, text=True, check=False, timeout=100
    )


def test_the_cpp_end_passes_its_unit_tests_and_the_shared_vectors() -> None:
    result = _run("test_bridge", "--gtest_brief=1")

    assert result.returncode == 0, result.stdout[-4000:]


def test_the_cpp_decoders_survive_random_mutations() -> None:
    result = _run("fuzz_bridge", str(VECTORS), "5000")

    assert result.returncode == 0, result.stderr[-4000:]
