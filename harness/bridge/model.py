"""The interface of an accelerator model: subclass `AcceleratorModel`, write `execute`.

A model knows no socket, host, file or clock. `execute` may be a plain function or a generator:
each call of `memory.read`, `memory.write` or `self.compute` creates a node and returns its handle
at once; `yield handle` means that what is created later depends on it and gives its data.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any, ClassVar, cast

from harness.base.errors import ModelError
from harness.bridge.description import ModelDescription, Scratchpad
from harness.bridge.descriptor import Command, Operand
from harness.bridge.memory import Memory
from harness.bridge.messages import ModelStatistic, Register, RegisterKind
from harness.bridge.parameters import resolve_parameters
from harness.bridge.recorder import GraphRecorder, Handle
from harness.bridge.records import NodeKind

__all__ = [
    "AcceleratorModel",
    "Command",
    "Handle",
    "Memory",
    "ModelDescription",
    "ModelStatistic",
    "NoParameters",
    "Operand",
    "Register",
    "RegisterKind",
    "Scratchpad",
    "parameter",
]

Execution = Generator[Any, Any, None] | None

_COMPUTE = int(NodeKind.COMPUTE)
_FENCE = int(NodeKind.FENCE)
_IRQ = int(NodeKind.IRQ)
_SET_REGISTER = int(NodeKind.SET_REGISTER)


@dataclass(frozen=True, slots=True)
class NoParameters:
    """The parameters of a model that has none."""


def parameter(default: Any, description: str) -> Any:
    """Declare a field of a `Parameters` dataclass with its default and one sentence."""
    return field(default=default, metadata={"description": description})


class AcceleratorModel:
    """One accelerator instance; state that it keeps must live in the object.

    Attributes:
        name: The model's name.
        version: The model's version; change it when results change.
        Parameters: Frozen dataclass; its fields are what a target may override.
        registers: The model's registers, if any. The protocol carries them; no SoC gives them an
            address yet, so software that runs on one cannot reach them.
        streams: Names of streams 0, 1, ...
        can_launch_early: Whether `execute` needs nothing but the command and those before it; a
            model that peeks into memory sets it to False.
        parameters: The resolved parameters, an object of `Parameters`.
        instance: Number of this accelerator among its kind.
        seed: Seed of any random choice.
    """

    name: ClassVar[str] = ""
    version: ClassVar[str] = "1"
    Parameters: ClassVar[type[Any]] = NoParameters
    registers: ClassVar[tuple[Register, ...]] = ()
    streams: ClassVar[tuple[str, ...]] = ("load", "store")
    can_launch_early: ClassVar[bool] = True

    def __init__(self, parameters: Mapping[str, object] | None = None) -> None:
        self.parameters: Any = resolve_parameters(type(self).Parameters, parameters or {})
        self.instance = 0
        self.seed = 0
        self.send_busy: Callable[[str], None] | None = None
        self._recorder: GraphRecorder | None = None
        self._units: dict[str, int] | None = None
        self._counters: dict[str, tuple[float, str, str]] = {}

    def describe(self) -> ModelDescription:
        """Say what the model can do; the compiler tiles and fuses by it.

        `parameters` may be left empty: the resolved ones are filled in.
        """
        return ModelDescription(
            model=self.name or type(self).__name__,
            version=self.version,
            parameters=self.resolved_parameters(),
        )

    def resolved_parameters(self) -> dict[str, object]:
        """Return all parameters with their values."""
        has_fields = is_dataclass(self.parameters) and not isinstance(self.parameters, type)
        return asdict(cast("Any", self.parameters)) if has_fields else {}

    def execute(self, command: Command, memory: Memory) -> Execution:
        """Compute one command: record its transfers and cycles, compute its values."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to execute {command}")

    def reset(self) -> None:
        """Forget everything: a run starts. Counters are cleared besides."""

    def save(self) -> bytes:
        """Return what must survive a checkpoint between two commands."""
        raise NotImplementedError(f"{type(self).__name__} cannot save its state")

    def load(self, state: bytes) -> None:
        """Take back what `save` returned."""
        raise NotImplementedError(f"{type(self).__name__} cannot load {len(state)} bytes of state")

    def read_register(self, name: str) -> tuple[int, int]:
        """Answer a DECISION register: (value, ticks that the device takes to answer)."""
        raise ModelError(f'model "{self.name}" does not answer register "{name}"')

    def write_register(self, name: str, value: int) -> None:
        """Take a write of a DECISION or POSTED register."""
        raise ModelError(f'model "{self.name}" does not take {value} in register "{name}"')

    def compute(
        self, *, cycles: int, unit: str = "", after: Handle | Iterable[Handle] = ()
    ) -> Handle:
        """Occupy a unit for some cycles of the accelerator's clock.

        Args:
            cycles: How many.
            unit: Name of the unit, as in the description; the first one if absent.
            after: What must have ended before, besides what was waited for.
        """
        recorder = self._current()
        if self._units is None:
            self._units = {name: index for index, name in enumerate(self.describe().units)}
        index = self._units.get(unit)
        if index is None:
            index = self._first_unit(unit)
        if not hasattr(cycles, "__index__") or not 0 <= cycles < 1 << 63:
            raise ModelError(f"compute of {cycles} cycles", expected="a whole number, not negative")
        return recorder.handle((recorder.add(_COMPUTE, after, 0, 0, index, 0, int(cycles)),))

    def fence(self, after: Handle | Iterable[Handle] = ()) -> Handle:
        """Add a point that is reached when all of `after` have ended; it takes no time."""
        return self._add(_FENCE, after)

    def interrupt(self, after: Handle | Iterable[Handle] = ()) -> Handle:
        """Raise the interrupt, besides the one at the end of a work item."""
        return self._add(_IRQ, after)

    def set_register(
        self, offset_bytes: int, value: int, after: Handle | Iterable[Handle] = ()
    ) -> Handle:
        """Set the simulator's shadow copy of a LOCAL register."""
        return self._add(_SET_REGISTER, after, offset_bytes, value)

    def busy(self, progress: str) -> None:
        """Tell the simulator during a long computation that the model is at work."""
        if self.send_busy is not None:
            self.send_busy(progress)

    def count(
        self, name: str, amount: float = 1, *, unit: str = "Count", description: str = ""
    ) -> None:
        """Add to one of the model's statistics; they are reported at the end of the session."""
        before, unit_before, description_before = self._counters.get(name, (0, unit, description))
        self._counters[name] = (
            before + amount,
            unit_before,
            description_before or description,
        )

    def count_energy(self, action: str, joules: float, *, description: str) -> None:
        """Add to the energy of an action; `description` names the source of the number."""
        self.count(f"energy::{action}", joules, unit="Joule", description=description)

    def statistics(self) -> list[ModelStatistic]:
        """Return what was counted since the last reset, in the order of first counting."""
        return [
            ModelStatistic(self.instance, name, value, unit, description)
            for name, (value, unit, description) in self._counters.items()
        ]

    def clear_counters(self) -> None:
        """Begin all statistics at zero; the bridge does so at each Reset."""
        self._counters.clear()

    def _add(
        self, kind: int, after: Handle | Iterable[Handle], address: int = 0, value: int = 0
    ) -> Handle:
        recorder = self._current()
        return recorder.handle((recorder.add(kind, after, 0, 0, 0, address, value),))

    def _current(self) -> GraphRecorder:
        if self._recorder is None:
            raise ModelError(f'model "{self.name}" creates a node outside of execute')
        return self._recorder

    def _first_unit(self, unit: str) -> int:
        if unit or not self._units:
            raise ModelError(
                f'model "{self.name}" has no unit "{unit}"',
                expected=", ".join(self._units or {}) or "units in the description",
            )
        return 0
