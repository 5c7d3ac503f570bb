"""A second run leaves the same bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

EVIDENCE = ("stats.txt", "timeline.npy", "config.ini", "config.json", "program.pb", "result.json")


def _run(directory: Path, *options: str) -> dict[str, bytes]:
    harness = Path(sys.executable).with_name("harness")
    command = [str(harness), "run", *options, "--output", str(directory)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return {name: (directory / name).read_bytes() for name in EVIDENCE}


@pytest.mark.parametrize(
    "options",
    [
        ("lenet5",),
        ("minerva", "--set", "accelerators=4", "--set", "interface=acp", "--threads", "4"),
        ("workloads.micro:conv_strided", "--model-mode", "exact", "--seed", "5", "--repeat", "2"),
    ],
    ids=lambda options: options[0],
)
def test_a_second_run_leaves_the_same_bytes(options: tuple[str, ...], tmp_path: Path) -> None:
    first, second = (_run(tmp_path / name, *options) for name in ("a", "b"))
    for name in EVIDENCE:
        assert first[name] == second[name], name
    assert json.loads(first["result.json"])["is_success"]
