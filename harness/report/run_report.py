"""Prints a run: what was classified, how long it took, where the time went, where it is kept."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from harness.base.array_file import read_array
from harness.base.errors import StatsError
from harness.base.units import format_ticks
from harness.report.picture import draw_image
from harness.report.run_tables import run_tables
from harness.report.table import print_table
from harness.run.directory import INPUTS
from harness.run.result import FINISHED

if TYPE_CHECKING:
    from pathlib import Path

    from harness.run.outputs import Classification, ReferenceCheck
    from harness.run.result import RunResult

PICTURE_COLUMNS = 34
MODE_NAMES = {"se": "syscall emulation", "fs": "full system"}


def print_run(result: RunResult, run: Path, stream: TextIO | None = None) -> None:
    """Print the report of one run."""
    stream = stream or sys.stdout
    stream.write("\n".join(["", heading(result), "", *_beside_picture(result, run), ""]))
    for table in run_tables(result):
        print_table(table, stream)
    stream.write("\n".join(["", *footer(result, run), ""]))


def heading(result: RunResult) -> str:
    """Return one line: what ran where."""
    setting = result.setting
    coherence = "coherent" if setting.get("coherent") else "not coherent"
    interface = setting.get("interface", "?")
    return (
        f"{setting.get('graph', '?')} on {setting.get('target', '?')}: "
        f"{setting.get('accelerators', '?')} x {setting.get('model', '?')}, "
        f"interface {interface}{f' ({coherence})' if interface == 'dma' else ''}, "
        f"policy {setting.get('policy', '?')}, mode {setting.get('mode', '?')}, "
        f"{setting.get('threads', 1)} thread{'s' if setting.get('threads', 1) != 1 else ''}"
        f"{_simulator(result)}"
    )


def _simulator(result: RunResult) -> str:
    """Return what simulated it, if that was not the embedded SoC."""
    setting = result.setting
    if result.backend == "soc":
        return ""
    mode = MODE_NAMES.get(setting.get("simulation_mode", ""), "?")
    version = result.versions.get(result.backend, "?")
    return f"; {result.backend} {version}, {mode}, CPU {setting.get('cpu', '?')}"


def facts(result: RunResult) -> list[str]:
    """Return the lines that matter most."""
    lines = []
    if result.exit_cause != FINISHED:
        lines.append(f"exit cause   {result.exit_cause}")
    if result.classification is not None:
        lines += _class_lines(result.classification)
    if result.latencies:
        name = "latency" if result.exit_cause == FINISHED else "measured"
        latency = format_ticks(result.latencies[result.reported])
        lines.append(f"{name:<13}{latency}{_which(result)}")
    if result.load_ticks:
        lines.append(f"load         {format_ticks(result.load_ticks)} (program, weights, windows)")
    if result.reference is not None:
        lines.append(f"outputs      {_reference_text(result.reference)}")
    lines.append(f"exchanges    {result.exchanges} with the model")
    return lines


def footer(result: RunResult, run: Path) -> list[str]:
    """Return the last lines: how far to trust the numbers, and where they are."""
    return [f"backend {result.backend}: {result.validation}", f"run directory: {run}"]


def _which(result: RunResult) -> str:
    count = len(result.latencies)
    if count == 1:
        return ""
    kind = "cold" if result.reported == 0 else "warm"
    if result.exit_cause != FINISHED and result.reported == count - 1:
        kind = "unfinished"
    return f" (inference {result.reported + 1} of {count}, {kind})"


def _class_lines(classification: Classification) -> list[str]:
    predicted = ", ".join(classification.name(index) for index in classification.predicted)
    lines = [f"predicted    {predicted}"]
    if classification.expected:
        expected = ", ".join(classification.name(index) for index in classification.expected)
        verdict = "right" if classification.is_right else "wrong"
        lines.append(f"expected     {expected} ({verdict})")
    return lines


def _reference_text(check: ReferenceCheck) -> str:
    if check.is_equal:
        return f"equal to the reference execution ({check.elements} elements)"
    verdict = "within" if check.within_tolerance else "OUTSIDE"
    return f"{verdict} tolerance of the reference: {check.maximum_ulp} ulp at most"


def _beside_picture(result: RunResult, run: Path) -> list[str]:
    lines = facts(result)
    picture = _picture(result, run)
    if not picture:
        return lines
    top = max((len(picture) - len(lines)) // 2, 0)
    height = max(len(picture), top + len(lines))
    padded = [""] * top + lines + [""] * (height - top - len(lines))
    picture += [""] * (height - len(picture))
    width = max(PICTURE_COLUMNS, *(len(row) + 3 for row in picture))
    return [f"{row:<{width}}{text}".rstrip() for row, text in zip(picture, padded, strict=True)]


def _picture(result: RunResult, run: Path) -> list[str]:
    path = run / INPUTS / "0.npy"
    if result.classification is None or not path.is_file():
        return []
    return draw_image(read_array(path, StatsError, "an input of the run"))
