"""Turns a measurement into files and a verdict; success is decided by evidence."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.errors import (
    BackendError,
    BridgeError,
    CoherenceError,
    DivergenceError,
    HarnessError,
    ModelError,
    PeerLostError,
    ProtocolError,
    TickLimitError,
)
from harness.graph import execute_reference
from harness.run.directory import RESULT_JSON, STATS_TXT, TIMELINE
from harness.run.failure import SimulationFailedError
from harness.run.measurement import Inference, Measurement, model_lines, root_statistics
from harness.run.outputs import classify, compare_with_reference, describe_outputs
from harness.run.result import FINISHED, Energy, RunResult, read_result
from harness.run.watch import HostTimeLimitError
from harness.stats.breakdown import Breakdown, break_down, breakdown_statistics
from harness.stats.reader import parse_stats
from harness.stats.timeline import empty_timeline
from harness.stats.writer import append_lines, format_dump

if TYPE_CHECKING:
    from harness.run.outputs import ReferenceCheck
    from harness.run.prepared import PreparedRun

CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (KeyboardInterrupt, "interrupted"),
    (HostTimeLimitError, "host time limit reached"),
    (CoherenceError, "coherence error"),
    (PeerLostError, "model lost"),
    (ProtocolError, "model broke the protocol"),
    (BridgeError, "model failed"),
    (DivergenceError, "replay diverged"),
    (TickLimitError, "tick limit reached"),
    (BackendError, "backend failed"),
    (HarnessError, "run failed"),
)
"""Exit causes of runs that an error ended, the most specific first."""


def keep_result(run: PreparedRun, measured: Measurement) -> RunResult:
    """Write the evidence of a simulation that came to an end, and judge it."""
    breakdowns = [_break_down(run, inference) for inference in measured.inferences]
    stats = _dumps(measured, breakdowns)
    run.directory.write(STATS_TXT, stats)
    _write_timeline(run, measured)
    result = _judged(run, measured, breakdowns, stats)
    run.directory.write(RESULT_JSON, result.to_json())
    return result


def keep_failure(run: PreparedRun, error: BaseException, partial: Measurement) -> RunResult:
    """Write what can be kept of a simulation that an error ended."""
    cause = _cause(error)
    message = "" if isinstance(error, KeyboardInterrupt) else str(error)
    if isinstance(error, ModelError):  # its own numbers may be what is wrong
        partial = replace(partial, model_statistics=())
    result = RunResult(cause, is_success=False, message=message, **_facts(run, partial))
    with suppress(HarnessError):
        breakdowns = [_break_down(run, inference) for inference in partial.inferences]
        if breakdowns:
            result = RunResult(
                cause,
                is_success=False,
                message=message,
                reported=len(breakdowns) - 1,
                breakdown=breakdowns[-1],
                **_facts(run, partial),
            )
        run.directory.write(RESULT_JSON, result.to_json())
        run.directory.write(STATS_TXT, _dumps(partial, breakdowns))
        _write_timeline(run, partial)
    return result


def _cause(error: BaseException) -> str:
    if isinstance(error, SimulationFailedError):
        return error.cause
    return next((text for kind, text in CAUSES if isinstance(error, kind)), "internal error")


def _break_down(run: PreparedRun, inference: Inference) -> Breakdown:
    operators = [(each.name, each.op, each.macs) for each in run.program.operators]
    return break_down(
        inference.timeline,
        (inference.begin_tick, inference.end_tick),
        operators,
        run.connection.description.units,
        run.target.accelerator.count,
    )


def _dumps(measured: Measurement, breakdowns: list[Breakdown]) -> str:
    """Return stats.txt: one dump per inference; the model's own numbers stand in the last."""
    texts = []
    last = len(measured.inferences) - 1
    for index, inference in enumerate(measured.inferences):
        own = breakdown_statistics(breakdowns[index])
        if index == last:
            own += model_lines(measured.model_statistics)
        if inference.dump:
            texts.append(append_lines(inference.dump, [*inference.statistics, *own]))
            continue
        lines = root_statistics(inference.begin_tick, inference.end_tick)
        roots = {line.name for line in lines}
        lines += [line for line in inference.statistics if line.name not in roots]
        texts.append(format_dump([*lines, *own]))
    if measured.remaining_dumps:
        texts.append(measured.remaining_dumps)
    if not texts:
        texts.append(format_dump(root_statistics(0, 0)))
    return "".join(texts)


def _write_timeline(run: PreparedRun, measured: Measurement) -> None:
    pieces = [inference.timeline for inference in measured.inferences]
    stream = io.BytesIO()
    np.save(stream, np.concatenate(pieces) if pieces else empty_timeline(), allow_pickle=False)
    run.directory.write(TIMELINE, stream.getvalue())


def _judged(
    run: PreparedRun, measured: Measurement, breakdowns: list[Breakdown], stats: str
) -> RunResult:
    spec = run.request.spec
    names = [tensor.name for tensor in run.case.graph.outputs]
    has_outputs = bool(measured.outputs)
    reported = 0 if spec.cold else max(len(breakdowns) - 1, 0)
    check = _compare(run, measured) if spec.check and has_outputs else None
    message = _message(measured, check, stats)
    result = RunResult(
        measured.exit_cause,
        is_success=not message,
        message=message,
        reported=reported,
        breakdown=breakdowns[reported] if breakdowns else None,
        outputs=describe_outputs(names, measured.outputs) if has_outputs else (),
        classification=classify(measured.outputs, run.case.classes, run.case.expected),
        reference=check,
        energies=_energies(measured),
        **_facts(run, measured),
    )
    return _against_promise(run, result)


def _message(measured: Measurement, check: ReferenceCheck | None, stats: str) -> str:
    """Say why the run is no success; empty if it is one."""
    if measured.exit_cause != FINISHED:
        return f"the simulation ended early: {measured.exit_cause}"
    if check is not None and not check.within_tolerance:
        return (
            f"the outputs differ from the reference execution by {check.maximum_ulp} units in the"
            f" last place\n  way out: the model, or its parameters, compute something else"
        )
    dumps = parse_stats(stats)
    if len(dumps) != len(measured.inferences) or not all(dump.is_complete for dump in dumps):
        return "stats.txt lacks a complete dump"
    return ""


def _compare(run: PreparedRun, measured: Measurement) -> ReferenceCheck:
    wanted = execute_reference(run.case.graph, list(run.case.inputs))
    return compare_with_reference(measured.outputs, list(wanted.values()))


def _energies(measured: Measurement) -> tuple[Energy, ...]:
    """Add up the model's energies over its instances."""
    sums: dict[str, Energy] = {}
    for each in measured.model_statistics:
        if each.unit == "Joule":
            name = each.name.partition("::")[2] or each.name
            before = sums[name].joules if name in sums else 0.0
            sums[name] = Energy(name, before + each.value, each.description)
    return tuple(sums.values())


def _facts(run: PreparedRun, measured: Measurement) -> dict[str, Any]:
    """Return what a result says of its run, however that ended."""
    spec, target, backend = run.request.spec, run.target, measured.backend
    description = run.connection.description
    return {
        "backend": backend.name,
        "setting": {
            "workload": spec.workload,
            "graph": run.case.graph.name,
            "target": target.name,
            "model": description.model,
            "accelerators": target.accelerator.count,
            "interface": target.accelerator.interface,
            "coherent": target.dma.coherent,
            **_memory(target.driver.memory),
            "policy": spec.policy,
            "mode": spec.mode,
            "threads": spec.threads,
            "input": spec.input,
            "seed": spec.seed,
            **backend.setting,
        },
        "hashes": {**run.manifest.hashes, **backend.hashes},
        "versions": {**run.manifest.versions, **backend.versions},
        "counters": backend.counters,
        "load_ticks": backend.load_ticks,
        "final_tick": measured.final_tick,
        "exchanges": measured.exchanges,
        "latencies": tuple(each.end_tick - each.begin_tick for each in measured.inferences),
        "operators": tuple(each.name for each in run.program.operators),
        "units": tuple(description.units),
    }


def _memory(kind: str) -> dict[str, str]:
    """Return the setting of windows that are not in the driver's own memory, the usual case."""
    return {} if kind == "dma" else {"memory": kind}


def _against_promise(run: PreparedRun, result: RunResult) -> RunResult:
    """Compare a repeated run with the one it repeats."""
    if run.request.repeats is None:
        return result
    old = read_result(run.request.repeats)
    pairs = {
        "program": (old.hashes.get("program"), result.hashes.get("program")),
        "latency in ticks": (old.latencies, result.latencies),
        "outputs": ([each.sha256 for each in old.outputs], [e.sha256 for e in result.outputs]),
    }
    for what, (before, now) in pairs.items():
        if before != now and result.is_success:
            return replace(
                result,
                is_success=False,
                message=f"the repeated run differs from {run.request.repeats}: {what}"
                f"\n  expected: {before}\n  got: {now}",
            )
    return result
