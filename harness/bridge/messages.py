"""What crosses the bridge, as frozen values of ours; protobuf stays inside the codec."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from harness.base.units import MIB, TICKS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.bridge.description import ModelDescription
    from harness.bridge.descriptor import Command

PROTOCOL_MAJOR = 1
PROTOCOL_MINOR = 0
MAXIMUM_FRAME_BYTES = 64 * MIB
MAXIMUM_NODES = 65536
MAXIMUM_INSTANCES = 255


class ModelMode(IntEnum):
    """How operand bytes reach the model."""

    EXACT = 1
    KERNEL = 2


class RegisterKind(IntEnum):
    """Who answers an access to a register."""

    LOCAL = 1
    POSTED = 2
    DECISION = 3


class ErrorKind(IntEnum):
    """Why a side gave up."""

    PROTOCOL = 1
    VERSION = 2
    BOUNDS = 3
    MODEL = 4
    UNSUPPORTED = 5


@dataclass(frozen=True, slots=True)
class HelloParameters:
    """What the simulator says of itself in its first message.

    Attributes:
        mode: How operand bytes reach the model.
        instances: Accelerator instances that the model hosts, 1 to 255.
        parameters: Parameters of the model that the target overrides.
        line_bytes: Cache line size.
        seed: Seed of any random choice that the model makes.
        simulator: Name and version, for messages.
        maximum_frame_bytes: Largest frame that the simulator accepts.
        maximum_nodes: Most nodes that it accepts in one Actions.
        ticks_per_second: 10^12 in v1.
    """

    mode: ModelMode = ModelMode.KERNEL
    instances: int = 1
    parameters: Mapping[str, object] = field(default_factory=dict)
    line_bytes: int = 64
    seed: int = 0
    simulator: str = "harness soc"
    maximum_frame_bytes: int = MAXIMUM_FRAME_BYTES
    maximum_nodes: int = MAXIMUM_NODES
    ticks_per_second: int = TICKS_PER_SECOND


@dataclass(frozen=True, slots=True)
class DeviceWindow:
    """A window as the device sees it; its index in Reset is the window id."""

    name: str
    size_bytes: int
    is_writable: bool


@dataclass(frozen=True, slots=True)
class Register:
    """One register of a model; `offset_bytes` is a multiple of 8."""

    name: str
    offset_bytes: int
    kind: RegisterKind
    reset_value: int = 0


@dataclass(frozen=True, slots=True)
class ModelStatistic:
    """One number that a model counted.

    Attributes:
        instance: Accelerator instance it belongs to.
        name: In gem5's manner, such as "macs" or "energy::mac".
        value: Whole numbers up to 2^53 are exact.
        unit: gem5's unit: "Count", "Cycle", "Byte", "Joule", "Ratio".
        description: One sentence.
    """

    instance: int
    name: str
    value: float
    unit: str
    description: str


@dataclass(frozen=True, slots=True)
class Actions:
    """What the model wants done.

    Attributes:
        nodes: Packed records of `NODE_DTYPE`.
        node_count: How many.
        dependences: Node ids, 4 bytes each, little-endian.
        data: Bytes of the WRITE nodes.
        is_final: No more nodes follow for this command.
        wake_tick: Tick at which the model wants to be woken; 0 means never.
        command_id: The command that they belong to.
    """

    nodes: bytes
    node_count: int
    dependences: bytes
    data: bytes
    is_final: bool
    wake_tick: int = 0
    command_id: int = 0


@dataclass(frozen=True, slots=True)
class MemoryRange:
    """A range of device memory."""

    address: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FunctionalRequest:
    """Inside its turn, the model asks for bytes of memory as they are now."""

    ranges: tuple[MemoryRange, ...]


@dataclass(frozen=True, slots=True)
class Reset:
    """A run starts; the windows are what operands may lie in."""

    windows: tuple[DeviceWindow, ...]


@dataclass(frozen=True, slots=True)
class Launch:
    """One command starts; `data` holds, in KERNEL mode, the bytes of its operands."""

    instance: int
    tick: int
    command_id: int
    command: Command
    data: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """Packed completions, and in EXACT mode the bytes of the READ nodes among them."""

    instance: int
    tick: int
    command_id: int
    completions: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Wake:
    """The tick is reached that the model had named."""

    instance: int
    tick: int
    command_id: int


@dataclass(frozen=True, slots=True)
class ReadRegister:
    """A DECISION register is read."""

    instance: int
    tick: int
    offset_bytes: int


@dataclass(frozen=True, slots=True)
class WriteRegister:
    """A DECISION or POSTED register is written."""

    instance: int
    tick: int
    offset_bytes: int
    value: int


@dataclass(frozen=True, slots=True)
class Drain:
    """The simulator wants the model's state."""

    tick: int


@dataclass(frozen=True, slots=True)
class Bye:
    """The session ends."""

    tick: int


Request = Reset | Launch | Event | Wake | ReadRegister | WriteRegister | Drain | Bye
"""What the simulator sends after Hello."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The model's answer to Hello.

    Attributes:
        description: What the model can do.
        registers: The model's registers.
        can_save_state: Whether Drain is answered.
        can_launch_early: Whether Launch may come before the command's first tick.
        parameters_sha256: Hash of the resolved parameters.
        maximum_frame_bytes: Largest frame that the model accepts.
    """

    description: ModelDescription
    registers: tuple[Register, ...] = ()
    can_save_state: bool = False
    can_launch_early: bool = False
    parameters_sha256: str = ""
    maximum_frame_bytes: int = MAXIMUM_FRAME_BYTES


@dataclass(frozen=True, slots=True)
class Ack:
    """Done; nothing to do."""


@dataclass(frozen=True, slots=True)
class RegisterValue:
    """A register's value and the ticks that the device takes to answer."""

    value: int
    latency_ticks: int


@dataclass(frozen=True, slots=True)
class State:
    """The model's state between two commands."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Farewell:
    """The model's statistics, all instances."""

    statistics: tuple[ModelStatistic, ...]


@dataclass(frozen=True, slots=True)
class Busy:
    """The model is alive and needs more host time."""

    progress: str


Reply = Ack | Actions | RegisterValue | State | Farewell
"""What ends the model's turn."""
