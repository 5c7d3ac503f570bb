"""Runs a prepared run on gem5 and hands over what was measured, also of a failure."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.base.errors import HarnessError
from harness.base.units import period_ticks
from harness.bridge.messages import ModelStatistic
from harness.run.directory import RUN_JSON
from harness.run.gem5.checkpoint import prepare_guest
from harness.run.gem5.command import (
    BRIDGE_COSTS,
    INPUTS_BIN,
    MODEL_STATISTICS,
    OUTPUT,
    OUTPUTS,
    STATS,
    gem5_command,
)
from harness.run.gem5.description import describe_run
from harness.run.gem5.device_log import MARKS_FILE, read_marks
from harness.run.gem5.dumps import dumps_at_ends, read_dumps
from harness.run.gem5.guest import Guest
from harness.run.gem5.outcome import (
    Ended,
    incomplete,
    read_end,
    require_right_clock,
    require_success,
)
from harness.run.gem5.place import ProgramPlaces
from harness.run.gem5.supervise import Supervisor
from harness.run.live import LiveStatus, StatusFile
from harness.run.measurement import BackendFacts, Inference, Measurement
from harness.run.result import FINISHED
from harness.soc.tensors import input_bytes, output_array

if TYPE_CHECKING:
    from typing import Any

    import numpy as np

    from harness.run.gem5.dumps import RawDump
    from harness.run.gem5.setup import Gem5Setup
    from harness.run.gem5.timeline import GuestTimelines
    from harness.run.prepared import PreparedRun, Progress

    Array = np.ndarray[Any, np.dtype[Any]]


class Gem5Simulation:
    """A simulation on gem5 whose measurement is there at any time, whatever ended it."""

    def __init__(self, run: PreparedRun, setup: Gem5Setup, progress: Progress) -> None:
        self._run = run
        self._setup = setup
        self._progress = progress
        self._output = run.directory.path.absolute() / OUTPUT
        self._guest = Guest()
        status = LiveStatus(stage="starting", inferences=run.request.spec.repeat)
        self._status = StatusFile(run.directory.path, status)

    def run(self) -> Measurement:
        """Simulate all inferences.

        Raises:
            SimulationFailedError: gem5, the guest or the model failed, or evidence is missing.
            HarnessError: What gem5 left cannot be read.
        """
        try:
            ended = self._simulate()
        finally:
            self._status.remove()
        require_success(ended)
        return replace(self._measured(ended), exit_cause=FINISHED)

    def measurement(self) -> Measurement:
        """Return what can be had of a run that failed; what cannot be read is left out."""
        dumps = read_dumps(self._output / STATS)
        inferences: tuple[Inference, ...] = ()
        try:
            inferences = self._inferences(self._timelines(), dumps)
        except HarnessError:  # cut off where gem5 ended
            inferences = ()
        used = {inference.dump for inference in inferences}
        rest = "".join(dump.text for dump in dumps if dump.text not in used)
        return Measurement("running", inferences, remaining_dumps=rest, backend=self._facts())

    def _simulate(self) -> Ended:
        run, setup = self._run, self._setup
        _leave_model(run)
        supervisor = Supervisor(self._progress, self._status, ProgramPlaces(run.program))
        run.directory.write(INPUTS_BIN, self._input_bytes())
        self._guest = prepare_guest(run, setup, supervisor, self._progress)
        described = replace(run.manifest, gem5=describe_run(run, setup, self._guest.description()))
        run.directory.write(RUN_JSON, described.to_json())
        mode = run.request.spec.simulation_mode
        self._progress.stage(f"simulating {run.case.graph.name} on gem5, {mode}")
        self._status.heard(stage="simulating")
        argv = gem5_command(
            setup.binary, run.directory.path.absolute(), setup.script(mode), run.request.gem5
        )
        return supervisor.run(argv, self._output)

    def _measured(self, ended: Ended) -> Measurement:
        """Return the whole measurement of a run that ended as it should."""
        wanted = self._run.request.spec.repeat
        timelines = self._timelines()
        require_right_clock(timelines.counters)
        inferences = self._inferences(timelines, read_dumps(self._output / STATS))
        if len(inferences) != wanted:
            got = f"{len(inferences)} of {wanted}"
            raise incomplete(ended, "the guest's log lacks inferences", got)
        missing = [i for i, each in enumerate(inferences) if not each.dump]
        if missing:
            what = f"gem5's stats.txt lacks a complete dump at the end of inference {missing[0]}"
            raise incomplete(ended, what)
        exchanges, statistics = _session(ended)
        return Measurement(
            "running",
            inferences,
            self._outputs(ended),
            exchanges,
            statistics,
            backend=replace(
                self._facts(), counters=dict(timelines.counters), load_ticks=timelines.load_ticks
            ),
        )

    def _timelines(self) -> GuestTimelines:
        from harness.run.gem5.timeline import build_timelines  # noqa: PLC0415 - at the end only

        return build_timelines(
            self._output,
            self._run.program,
            period_ticks(self._run.target.cpu.clock_hz),
            is_full_system=self._run.request.spec.simulation_mode == "fs",
            symbols=self._guest.symbols,
            start_tick=read_end(self._output, 0).start_tick,
            accelerators=self._run.target.accelerator.count,
        )

    def _inferences(self, timelines: GuestTimelines, dumps: list[RawDump]) -> tuple[Inference, ...]:
        marks = read_marks(self._output / MARKS_FILE)
        found = dumps_at_ends(dumps, marks)
        texts = [each.text if each else "" for each in found]
        texts += [""] * len(timelines.inferences)
        return tuple(
            Inference(
                each.begin_tick, each.end_tick, each.timeline, tuple(each.os.statistics()), text
            )
            for each, text in zip(timelines.inferences, texts, strict=False)
        )

    def _input_bytes(self) -> bytes:
        buffers = self._run.program.buffers
        indices = self._run.program.input_buffers
        return b"".join(
            input_bytes(buffers[index], array)
            for index, array in zip(indices, self._run.case.inputs, strict=True)
        )

    def _outputs(self, ended: Ended) -> tuple[Array, ...]:
        buffers = [self._run.program.buffers[i] for i in self._run.program.output_buffers]
        expected = sum(buffer.size_bytes for buffer in buffers)
        path = self._output / OUTPUTS
        data = path.read_bytes() if path.is_file() else b""
        if len(data) != expected:
            got = f"{len(data)} of {expected} bytes"
            raise incomplete(ended, "the guest did not hand over its outputs", got)
        arrays, place = [], 0
        for buffer in buffers:
            arrays.append(output_array(buffer, data[place : place + buffer.size_bytes]))
            place += buffer.size_bytes
        return tuple(arrays)

    def _facts(self) -> BackendFacts:
        spec, probe = self._run.request.spec, self._setup.probe
        fs = {"boot": self._guest.boot} if spec.simulation_mode == "fs" else {}
        return BackendFacts(
            "gem5",
            {
                "backend": "gem5",
                "simulation_mode": spec.simulation_mode,
                "cpu": spec.cpu,
                "submission": spec.submission,
                "wait": self._run.target.driver.wait,
                **fs,
            },
            {
                "gem5": probe.sha256,
                "runtime": self._setup.runtime.sha256,
                **self._guest.hashes,
            },
            {"gem5": probe.version},
        )


def _leave_model(run: PreparedRun) -> None:
    """End the process that described the model; gem5 starts its own."""
    if run.request.replay is None:
        run.connection.close()
    else:
        run.connection.abort()


def _session(ended: Ended) -> tuple[int, tuple[ModelStatistic, ...]]:
    """Return the number of exchanges and the model's own numbers, as the bridge noted them."""
    try:
        costs = json.loads((ended.output / BRIDGE_COSTS).read_text())
        listed = json.loads((ended.output / MODEL_STATISTICS).read_text())
        return int(costs["exchanges"]), tuple(ModelStatistic(**each) for each in listed)
    except (OSError, ValueError, TypeError, KeyError) as error:
        what = "the bridge's account of the session cannot be read"
        raise incomplete(ended, what, str(error)) from error
