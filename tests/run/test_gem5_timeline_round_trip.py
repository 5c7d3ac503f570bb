"""The embedded SoC's own timeline, written as a gem5 run would log it, comes back the same."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.bridge.in_process import connect_in_process
from harness.compiler import compile_graph
from harness.compiler.program import Invoke
from harness.run.gem5.timeline import build_timelines
from harness.run.inputs import resolve_inputs
from harness.run.model_session import hello_parameters
from harness.run.reference import load_workload
from harness.soc.simulation import Simulation
from harness.stats.breakdown import break_down
from harness.stats.timeline import NO_INDEX, TimelineKind
from tests.run.gem5_logs import BEGIN, END, WAIT, event, inference

if TYPE_CHECKING:
    from pathlib import Path

    from harness.compiler.program import Program
    from harness.soc.result import InferenceResult
    from harness.target import Target

HOST_KINDS = (TimelineKind.HOST, TimelineKind.HOST_WAIT)


def host_events(result: InferenceResult, number: int, program: Program) -> list[bytes]:
    """Return what the guest's threads would have logged, at one count per tick."""
    first_step = {step.operator: i for i, step in reversed(list(enumerate(program.steps)))}
    records = result.timeline[np.isin(result.timeline["kind"], HOST_KINDS)]
    events = [inference(result.begin_tick, number, 1)]
    for row in records[np.argsort(records["begin"], kind="stable")]:
        kind = BEGIN if row["kind"] == TimelineKind.HOST else WAIT
        thread, step = int(row["track"]), first_step.get(int(row["operator"]), NO_INDEX)
        events.append(event(int(row["begin"]), kind, int(row["detail"]), thread=thread, step=step))
        if thread:
            events.append(event(int(row["end"]), END, thread=thread))
    return [*events, inference(result.end_tick, number, 0)]


def device_records(results: tuple[InferenceResult, ...]) -> np.ndarray[Any, Any]:
    """Return the device's records with commands numbered as the device does, without operators."""
    numbers: dict[tuple[int, int, int], int] = {}
    used: dict[int, int] = {}
    pieces = []
    for index, result in enumerate(results):
        own = result.timeline[~np.isin(result.timeline["kind"], HOST_KINDS)].copy()
        for row in own[np.argsort(own["begin"], kind="stable")]:
            key = (index, int(row["track"]), int(row["command"]))
            if key not in numbers:
                numbers[key] = used.get(key[1], 0)
                used[key[1]] = numbers[key] + 1
        for row in own:
            row["command"] = numbers[index, int(row["track"]), int(row["command"])]
        own["operator"] = NO_INDEX
        pieces.append(own)
    return np.concatenate(pieces)


def simulated(target: Target, workload: str, threads: int) -> tuple[Program, Any]:
    loaded = load_workload(workload)
    connection = connect_in_process(target.accelerator.model, hello_parameters(target, "kernel", 0))
    program = compile_graph(loaded.graph, target, connection.description, policy="traffic")
    inputs = resolve_inputs(loaded, "0", 0)
    simulation = Simulation(program, target, connection, inputs=inputs, threads=threads, repeat=2)
    result = simulation.run()
    connection.close()
    return program, result


def commands_of(timeline: np.ndarray[Any, Any]) -> list[tuple[int, ...]]:
    """Return when which command of the program was where."""
    names = ["begin", "end", "kind", "track", "operator", "item", "command"]
    chosen = timeline[np.isin(timeline["kind"], [TimelineKind.COMMAND, TimelineKind.UNIT])]
    return sorted(chosen[names].tolist())


@pytest.mark.parametrize(
    ("overrides", "threads"),
    [((), 1), (("accelerators=4", "interface=acp"), 4), (("assignment=dynamic",), 2)],
)
def test_breakdowns_survive_the_logs(
    tmp_path: Path, overrides: tuple[str, ...], threads: int
) -> None:
    from harness.target import load_target

    target = load_target("smaug", ("accelerators=2", *overrides))
    program, result = simulated(target, "lenet5", threads)
    assert any(isinstance(step.action, Invoke) for step in program.steps)
    (tmp_path / "device_timeline.bin").write_bytes(device_records(result.inferences).tobytes())
    (tmp_path / "marks.bin").write_bytes(b"")
    syncs = [struct.pack("<QIIIIQ", at, 4, 0, 0, 0, at) for at in (0, result.end_tick)]
    events = [
        each
        for number, own in enumerate(result.inferences)
        for each in host_events(own, number, program)
    ]
    (tmp_path / "events.bin").write_bytes(b"".join([syncs[0], *events, syncs[1]]))

    built = build_timelines(tmp_path, program, 1, accelerators=target.accelerator.count).inferences

    operators = [(each.name, each.op, each.macs) for each in program.operators]
    for own, again in zip(result.inferences, built, strict=True):
        window = (own.begin_tick, own.end_tick)
        assert (again.begin_tick, again.end_tick) == window
        facts = (window, operators, ("mac",), target.accelerator.count)
        assert break_down(again.timeline, *facts) == break_down(own.timeline, *facts)
        assert commands_of(own.timeline)
        assert commands_of(again.timeline) == commands_of(own.timeline)
