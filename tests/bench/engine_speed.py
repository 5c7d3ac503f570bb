"""How fast the SoC engine is: events and line accesses per second, beside memcpy's lines."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.bridge.in_process import connect_in_process
from harness.bridge.messages import HelloParameters
from harness.graph import Graph, input_data, reorder
from harness.run.workload import Workload
from tests.bench.prepared import MODEL, Prepared
from tests.bench.table import print_table

LINE_BYTES = 64
_COPY_BYTES = 32 << 20
"""Beyond any cache of a core."""
_REPETITIONS = 3
_LINE_ACCESSES = ("overallAccesses::total", "readReqs", "writeReqs")
"""A line asked of one cache or of one DRAM channel is one access."""


@dataclass(frozen=True)
class EngineRun:
    """What the engine did in one run, and its own CPU time: no model, no Python loop."""

    cpu_s: float
    events: int
    line_accesses: int


class TimedEngine:
    """The engine with a clock around `run`."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.cpu_s = 0.0

    def run(self, limit: int, slice_ticks: int) -> int:
        """Run the engine up to its next stop."""
        begin = time.thread_time()
        cause: int = self._engine.run(limit, slice_ticks)
        self.cpu_s += time.thread_time() - begin
        return cause

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def report_engine_speed() -> None:
    """Print the table; engine runs and memcpy alternate."""
    cases = {
        "cnn10, dma": Prepared("cnn10"),
        "cnn10, acp": Prepared("cnn10", ("interface=acp",)),
        "reorder of 1 MiB on a core": Prepared(_reorder()),
    }
    copies: list[float] = []
    runs: dict[str, list[EngineRun]] = {name: [] for name in cases}
    for _ in range(_REPETITIONS):
        for name, prepared in cases.items():
            copies.append(_memcpy_lines_per_s())
            runs[name].append(_engine_run(prepared))
    memcpy = statistics.median(copies)
    print_table(
        "1. SoC engine (CPU time of Engine.run alone)",
        ("program", "events", "events/s", "line accesses", "accesses/s", "per memcpy line"),
        [
            *(_row(name, each, memcpy) for name, each in runs.items()),
            ("memcpy of 32 MiB", "", "", "", f"{memcpy / 1e6:.1f} M", "1.000"),
        ],
    )


def _row(name: str, runs: list[EngineRun], memcpy: float) -> tuple[str, ...]:
    seconds = statistics.median(run.cpu_s for run in runs)
    events, accesses = runs[0].events, runs[0].line_accesses
    return (
        name,
        f"{events:,}",
        f"{events / seconds / 1e6:.2f} M",
        f"{accesses:,}",
        f"{accesses / seconds / 1e6:.2f} M",
        f"{accesses / seconds / memcpy:.3f}",
    )


def _engine_run(prepared: Prepared) -> EngineRun:
    connection = connect_in_process(MODEL, HelloParameters())
    simulation = prepared.simulation(connection, "kernel")
    engine = TimedEngine(simulation.engine)
    simulation.engine = engine
    result = simulation.run()
    connection.close()
    accesses = sum(
        each.value
        for each in result.inferences[-1].statistics
        if each.name.endswith(_LINE_ACCESSES)
    )
    return EngineRun(engine.cpu_s, engine.event_count(), int(accesses))


def _memcpy_lines_per_s() -> float:
    source = np.ones(_COPY_BYTES, np.uint8)
    target = np.zeros(_COPY_BYTES, np.uint8)
    begin = time.thread_time()
    np.copyto(target, source)
    return _COPY_BYTES / LINE_BYTES / (time.thread_time() - begin)


def _reorder() -> Workload:
    """Return a network that is one walk of a core through 1 MiB and back out."""
    with Graph("reorder") as graph:
        reorder(input_data((1, 128, 64, 64), dtype="fp16", layout="NHWC", name="x"), "NCHW")
    return Workload(graph=graph)
