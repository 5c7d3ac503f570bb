"""Printed programs and statistics of five one-operator networks, as they were last reviewed.

`HARNESS_UPDATE_GOLDEN=1 pytest tests/system/test_golden.py` writes them anew; review the diff.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.compiler.program_text import format_program
from harness.stats.phases import attribute

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent.parent / "golden"
SETTINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "conv": ("traffic", ()),
    "conv_strided": ("smaug", ("accelerators=2",)),
    "matrix": ("traffic", ("interface=acp",)),
    "pool": ("smaug", ("coherent=true",)),
    "layouts": ("traffic", ("interface=cache", "accelerators=2", "assignment=dynamic")),
}
UNSTABLE = ("simEvents",)
"""Say how the engine works, not what it models."""


def _text(run: Any) -> str:
    result = run.result
    segments = attribute(result.timeline, result.begin_tick, result.end_tick)
    phases = [
        f"phase {phase.label} {ticks}"
        for phase, ticks in segments.ticks_by_phase().items()
        if ticks
    ]
    counts = [
        f"{each.name} {each.value:.12g}"
        for each in result.statistics
        if each.value and each.name not in UNSTABLE
    ]
    lines = [f"ticks {run.ticks}", *phases, *counts]
    return format_program(run.program) + "\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", SETTINGS)
def test_program_and_statistics_are_as_reviewed(
    name: str, load_case: Callable[..., Any], run_case: Callable[..., Any]
) -> None:
    policy, sets = SETTINGS[name]
    text = _text(run_case(load_case(f"workloads.micro:{name}"), sets, policy=policy))
    path = FOLDER / f"{name}.txt"
    if os.environ.get("HARNESS_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8").splitlines() == text.splitlines()
