"""One run of a Program on the embedded SoC: the Python side of the engine's loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.errors import (
    BackendError,
    HarnessError,
    InternalError,
    ProtocolError,
    SpecError,
    TickLimitError,
)
from harness.bridge.records import NODE_DTYPE, NodeKind
from harness.soc import _engine
from harness.soc.configuration import engine_config
from harness.soc.failures import coherence_error, deadlock_error
from harness.soc.pack import pack_program, staging_buffers
from harness.soc.result import InferenceResult, Progress, SimulationResult
from harness.soc.tensors import input_bytes, output_array
from harness.stats.statistic import Statistic
from harness.stats.timeline import TIMELINE_DTYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.bridge.connection import ModelConnection
    from harness.bridge.messages import Actions, MemoryRange
    from harness.compiler.program import Program
    from harness.target.target import Target

    Array = np.ndarray[Any, np.dtype[Any]]

MAXIMUM_TICK = 2**62
"""53 days of simulated time; the default limit."""
SLICE_TICKS = 200 * 10**6
"""Simulated time between two looks at signals and progress; no effect on any result."""

_DONE, _EXCHANGE, _SLICE, _TICK_LIMIT, _DEADLOCK, _HAZARD = range(1, 7)
_LAUNCH, _EVENT, _WAKE = range(1, 4)
_OFFSET_BITS = 40
_KIND_OFFSET = 4
_MODES = ("exact", "kernel")


class Simulation:
    """A Program on an SoC with a connected model.

    If `run` raises, or is interrupted, `result` still tells what was measured until then.

    Attributes:
        program: What runs.
        engine: The C++ engine.
    """

    def __init__(  # noqa: PLR0913 - a run's options, keyword-only
        self,
        program: Program,
        target: Target,
        connection: ModelConnection,
        *,
        inputs: Sequence[Array],
        threads: int = 1,
        mode: str = "kernel",
        repeat: int = 1,
        maximum_ticks: int | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        _check_options(program, target, inputs, threads=threads, mode=mode, repeat=repeat)
        self.program = program
        self._connection = connection
        self._repeat = repeat
        self._limit = MAXIMUM_TICK if maximum_ticks is None else maximum_ticks
        self._on_progress = on_progress
        self._inferences: list[InferenceResult] = []
        self._outputs: tuple[Array, ...] = ()
        self._exchanges = 0
        self._next_report_tick = 0
        self._is_running = False
        self._exit_cause = "running"
        self.engine = self._make_engine(target, threads, is_kernel_mode=mode == "kernel")
        for buffer, array in zip(staging_buffers(program)[0], inputs, strict=True):
            self.engine.write_memory(buffer.window, buffer.offset_bytes, input_bytes(buffer, array))

    def run(self) -> SimulationResult:
        """Run all inferences.

        Raises:
            CoherenceError: A non-coherent DMA met a cached line.
            BackendError: The SoC cannot go on, or the limit of ticks is reached.
            BridgeError: The model's end failed.
        """
        from harness.bridge.messages import DeviceWindow  # noqa: PLC0415 - pulls in the bridge

        windows = [DeviceWindow(w.name, w.size_bytes, w.is_writable) for w in self.program.windows]
        self._connection.functional_reader = self._read_functionally
        try:
            self._connection.reset(windows)
            for _ in range(self._repeat):
                self._run_inference()
        except BaseException as error:
            self._break_off(error)
            raise
        self._exit_cause = "done"
        return self.result()

    def result(self) -> SimulationResult:
        """Return what was measured so far."""
        return SimulationResult(
            tuple(self._inferences), self._outputs, self._exchanges, self._exit_cause
        )

    def _make_engine(self, target: Target, threads: int, *, is_kernel_mode: bool) -> Any:
        units = len(self._connection.description.units)
        config = engine_config(target, threads=threads, units=units, is_kernel_mode=is_kernel_mode)
        try:
            image = pack_program(self.program, is_pinned=target.driver.memory == "pinned")
            return _engine.Engine(image, config, target.accelerator.count)
        except ValueError as error:
            raise BackendError(
                "the SoC cannot be built from this target and program", got=str(error)
            ) from error

    def _run_inference(self) -> None:
        self.engine.begin_inference()
        self._is_running = True
        while (cause := self.engine.run(self._limit, SLICE_TICKS)) != _DONE:
            if cause == _EXCHANGE:
                self._exchange()
            elif cause != _SLICE:
                raise self._failure(cause)
            self._report()
        self._is_running = False
        self._inferences.append(self._measured(is_complete=True))
        self._outputs = tuple(
            output_array(b, self.engine.read_memory(b.window, b.offset_bytes, b.size_bytes))
            for b in (self.program.buffers[i] for i in self.program.output_buffers)
        )

    def _exchange(self) -> None:
        kind, instance, tick, command_id, descriptor, completions, data = self.engine.exchange()
        self._exchanges += 1
        actions: Actions
        if kind == _LAUNCH:
            actions = self._connection.launch(instance, tick, descriptor, data)
        elif kind == _EVENT:
            actions = self._connection.event(instance, tick, command_id, completions, data)
        else:
            actions = self._connection.wake(instance, tick, command_id)
        what = self.engine.answer(
            bytes(actions.nodes),
            bytes(actions.dependences),
            bytes(actions.data),
            actions.is_final,
            actions.wake_tick,
        )
        if what:
            raise ProtocolError(
                f"the model's Actions are wrong: {what}",
                where=f"accelerator {instance}, command {command_id}",
            )
        if kind == _LAUNCH and _is_whole(actions):
            following = self.engine.next_launch(instance)
            if following is not None:
                self._connection.launch_early(instance, *following)

    def _failure(self, cause: int) -> Exception:
        if cause == _HAZARD:
            return coherence_error(self.program, self.engine.hazard())
        if cause == _DEADLOCK:
            return deadlock_error(self.engine.now(), self.engine.pending_work())
        if cause == _TICK_LIMIT:
            return TickLimitError(
                "the limit of simulated time is reached",
                got=f"{self._limit} ticks",
                way_out="raise --max-ticks",
            )
        return InternalError(f"the engine stopped for an unknown reason: {cause}")

    def _report(self) -> None:
        tick = self.engine.now()
        if self._on_progress is None or tick < self._next_report_tick:
            return
        self._next_report_tick = tick + SLICE_TICKS
        loads = len(self.program.input_buffers)
        step = self.engine.current_step()
        steps = self.program.steps
        operator = ""
        if loads <= step < loads + len(steps):
            operator = self.program.operators[steps[step - loads].operator].name
        done = len(self._inferences)
        self._on_progress(Progress(tick, done, self._repeat, step, loads + len(steps), operator))

    def _break_off(self, error: BaseException) -> None:
        is_known = isinstance(error, HarnessError)
        self._exit_cause = type(error).__name__ if is_known else "interrupted"
        if self._is_running:
            self._is_running = False
            self.engine.abandon()
            self._inferences.append(self._measured(is_complete=False))

    def _measured(self, *, is_complete: bool) -> InferenceResult:
        timeline = np.frombuffer(self.engine.timeline(), dtype=TIMELINE_DTYPE)
        return InferenceResult(
            begin_tick=self.engine.begin_tick(),
            end_tick=self.engine.now(),
            is_complete=is_complete,
            statistics=tuple(Statistic(*entry) for entry in self.engine.statistics()),
            timeline=timeline,
        )

    def _read_functionally(self, _instance: int, ranges: tuple[MemoryRange, ...]) -> bytes:
        mask = (1 << _OFFSET_BITS) - 1
        return b"".join(
            self.engine.read_memory(r.address >> _OFFSET_BITS, r.address & mask, r.size_bytes)
            for r in ranges
        )


def _is_whole(actions: Actions) -> bool:
    """Return whether a command needs no further exchange."""
    kinds = bytes(actions.nodes)[_KIND_OFFSET :: NODE_DTYPE.itemsize]
    return actions.is_final and not actions.wake_tick and NodeKind.NOTIFY not in kinds


def _check_options(
    program: Program,
    target: Target,
    inputs: Sequence[Array],
    *,
    threads: int,
    mode: str,
    repeat: int,
) -> None:
    if not 1 <= threads <= target.cpu.cores:
        raise SpecError(
            "threads do not fit the target",
            expected=f"1 to {target.cpu.cores}, one per core",
            got=str(threads),
        )
    if mode not in _MODES:
        raise SpecError("unknown model mode", expected=" or ".join(_MODES), got=mode)
    if repeat < 1:
        raise SpecError("nothing to run", expected="repeat of at least 1", got=str(repeat))
    if len(inputs) != len(program.input_buffers):
        raise HarnessError(
            "wrong number of inputs",
            expected=str(len(program.input_buffers)),
            got=str(len(inputs)),
        )
