"""The simulator's end of the bridge: one interface, whatever the transport.

Every answer is checked here against the protocol and the running command before it is returned.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from harness.base.errors import BackendError, ModelError, ProtocolError
from harness.bridge.descriptor import decode_command
from harness.bridge.ledger import CommandLedger
from harness.bridge.messages import (
    Acceptance,
    Ack,
    Actions,
    Bye,
    DeviceWindow,
    Drain,
    Event,
    Farewell,
    FunctionalRequest,
    HelloParameters,
    Launch,
    MemoryRange,
    ModelStatistic,
    ReadRegister,
    Register,
    RegisterKind,
    RegisterValue,
    Reply,
    Request,
    Reset,
    State,
    Wake,
    WriteRegister,
)
from harness.bridge.windows import check_operands, check_ranges

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harness.bridge.description import ModelDescription
    from harness.bridge.descriptor import Command

FunctionalReader = Callable[[int, tuple[MemoryRange, ...]], bytes]
"""Returns the bytes of the ranges as an instance sees them now, back to back."""

_Reply = TypeVar("_Reply", bound=Reply)
_LARGEST_LEAD = 8
"""Descriptors decoded ahead; several accelerators may take them in another order."""


class ModelConnection(ABC):
    """A session with a model after its handshake.

    Attributes:
        description: What the model said of itself.
        registers: The model's registers.
        can_save_state: Whether `drain` is possible.
        functional_reader: Answers the model's functional reads; absent, they are an error.
        exchanges: How many requests were answered so far.
    """

    def __init__(
        self,
        hello: HelloParameters,
        acceptance: Acceptance,
        functional_reader: FunctionalReader | None = None,
    ) -> None:
        self.hello = hello
        self.acceptance = acceptance
        self.functional_reader = functional_reader
        self.exchanges = 0
        self._windows: tuple[DeviceWindow, ...] = ()
        self._ledgers: dict[int, CommandLedger] = {}
        self._next_command: dict[int, int] = {}
        self._foreseen: Iterator[bytes] = iter(())
        self._decoded: dict[bytes, Command] = {}
        self._tick = 0

    @property
    def description(self) -> ModelDescription:
        """What the model said of itself."""
        return self.acceptance.description

    @property
    def registers(self) -> tuple[Register, ...]:
        """The model's registers."""
        return self.acceptance.registers

    @property
    def can_save_state(self) -> bool:
        """Whether `drain` is possible."""
        return self.acceptance.can_save_state

    @abstractmethod
    def exchange(self, request: Request) -> Reply:
        """Send one request and return its answer, functional reads served in between."""

    @abstractmethod
    def abort(self) -> None:
        """Drop the model at once; nothing of it is left behind. May be called twice."""

    def relay(self, request: Request, windows: tuple[DeviceWindow, ...]) -> Reply:
        """Pass on a request of another connection, whose windows these are."""
        self._windows = windows
        return self.exchange(request)

    def reset(self, windows: Sequence[DeviceWindow]) -> None:
        """Start a run: all instances forget, operands may lie in these windows."""
        self._windows = tuple(windows)
        self._ledgers.clear()
        self._next_command.clear()
        self._expect(Reset(self._windows), Ack)

    def foresee(self, commands: Iterable[bytes]) -> None:
        """Tell which descriptors will be launched, in order; it saves time, nothing else."""
        self._foreseen = iter(commands)

    def launch(
        self, instance: int, tick: int, command: bytes, operand_data: bytes = b""
    ) -> Actions:
        """Hand one command over.

        Args:
            instance: The accelerator.
            tick: Now.
            command: Its descriptor.
            operand_data: In KERNEL mode the bytes of all operands with `is_read`, back to back.

        Returns:
            What the model wants done, checked.

        Raises:
            ProtocolError: The descriptor is malformed, or the answer breaks a rule.
            ModelError: The model raised.
            PeerLostError: The model's process is gone or missed its deadline.
        """
        decoded = self._decoded.pop(command, None) or decode_command(command)
        self._check_instance(instance)
        if instance in self._ledgers:
            raise ProtocolError("a command is launched while another runs", where=f"#{instance}")
        check_operands(decoded, self._windows)
        command_id = self._next_command.get(instance, 0)
        self._next_command[instance] = command_id + 1
        ledger = CommandLedger(
            decoded, command_id, len(self.description.units), self.hello.maximum_nodes
        )
        self._ledgers[instance] = ledger
        return self._act(
            Launch(instance, tick, command_id, decoded, operand_data), instance, ledger
        )

    def launch_early(  # noqa: B027 - a transport that gains nothing by it does nothing
        self, instance: int, command: bytes, operand_data: bytes
    ) -> None:
        """Hand an instance's next command over before it starts, if that saves host time.

        The caller still calls `launch` at the command's first tick.
        """

    def event(
        self, instance: int, tick: int, command_id: int, completions: bytes, data: bytes = b""
    ) -> Actions:
        """Report an ended NOTIFY.

        Args:
            instance: The accelerator.
            tick: Now.
            command_id: The command's number, counted from 0 per instance.
            completions: Packed records, or an array of `COMPLETION_DTYPE`, of all nodes that
                ended since the command's previous exchange.
            data: In EXACT mode the bytes of the READ nodes among them.

        Returns:
            What the model wants done, checked.
        """
        ledger = self._ledger(instance, command_id)
        ledger.note_event()
        request = Event(instance, tick, command_id, bytes(completions), bytes(data))
        return self._act(request, instance, ledger)

    def wake(self, instance: int, tick: int, command_id: int) -> Actions:
        """Report that the tick is reached that the model had named."""
        ledger = self._ledger(instance, command_id)
        return self._act(Wake(instance, tick, command_id), instance, ledger)

    def read_register(self, instance: int, tick: int, offset_bytes: int) -> tuple[int, int]:
        """Return (value, ticks that the device takes to answer) of a DECISION register."""
        self._check_register(instance, offset_bytes, {RegisterKind.DECISION})
        value = self._expect(ReadRegister(instance, tick, offset_bytes), RegisterValue)
        return value.value, value.latency_ticks

    def write_register(self, instance: int, tick: int, offset_bytes: int, value: int) -> None:
        """Hand over a write of a DECISION or POSTED register."""
        kinds = {RegisterKind.DECISION, RegisterKind.POSTED}
        self._check_register(instance, offset_bytes, kinds)
        self._expect(WriteRegister(instance, tick, offset_bytes, value), Ack)

    def drain(self, tick: int) -> bytes:
        """Return the model's state between two commands."""
        if self._ledgers or not self.can_save_state:
            why = "a command runs" if self._ledgers else "the model cannot save its state"
            raise BackendError(f"no checkpoint is possible now: {why}")
        return self._expect(Drain(tick), State).data

    def close(self) -> list[ModelStatistic]:
        """End the session in good order and return the model's statistics."""
        try:
            return list(self._expect(Bye(self._tick), Farewell).statistics)
        finally:
            self.abort()

    def _early_request(self, instance: int, command: bytes, operand_data: bytes) -> Launch:
        decoded = self._decoded.get(command) or decode_command(command)
        self._decoded[command] = decoded
        check_operands(decoded, self._windows)
        command_id = self._next_command.get(instance, 0)
        return Launch(instance, self._tick, command_id, decoded, operand_data)

    def _act(self, request: Request, instance: int, ledger: CommandLedger) -> Actions:
        reply = self._answered(request)
        if isinstance(reply, Ack) and not isinstance(request, (Launch, Event)):
            reply = Actions(b"", 0, b"", b"", is_final=False, command_id=ledger.command_id)
        actions = _checked(reply, Actions)
        ledger.enter(actions, self._tick)
        if actions.is_final:
            del self._ledgers[instance]
        return actions

    def _expect(self, request: Request, kind: type[_Reply]) -> _Reply:
        return _checked(self._answered(request), kind)

    def _answered(self, request: Request) -> Reply:
        tick = 0 if isinstance(request, Reset) else request.tick
        if tick < self._tick and not isinstance(request, Reset):
            raise ProtocolError(
                "the simulator's time decreases", expected=f"at least {self._tick}", got=str(tick)
            )
        self._tick = max(tick, self._tick)
        reply = self.exchange(request)
        self.exchanges += 1
        return reply

    def _decode_ahead(self) -> Command | None:
        """Decode one foreseen descriptor, if any; to be called while the model is at work."""
        descriptor = next(self._foreseen, None) if len(self._decoded) < _LARGEST_LEAD else None
        if descriptor is None:
            return None
        self._decoded[descriptor] = command = decode_command(descriptor)
        return command

    def _ledger(self, instance: int, command_id: int) -> CommandLedger:
        ledger = self._ledgers.get(instance)
        if ledger is None or ledger.command_id != command_id:
            raise ProtocolError(
                "no such command runs", where=f"instance {instance}", got=str(command_id)
            )
        return ledger

    def _check_instance(self, instance: int) -> None:
        if not 0 <= instance < self.hello.instances:
            raise ProtocolError(
                "unknown instance", expected=f"below {self.hello.instances}", got=str(instance)
            )

    def _check_register(self, instance: int, offset_bytes: int, kinds: set[RegisterKind]) -> None:
        self._check_instance(instance)
        if not any(r.offset_bytes == offset_bytes and r.kind in kinds for r in self.registers):
            raise ProtocolError("the model has no such register", got=f"offset {offset_bytes:#x}")

    def _read_functionally(self, instance: int, request: FunctionalRequest) -> bytes:
        check_ranges(request.ranges, self._windows)
        if self.functional_reader is None:
            raise ModelError("the model peeks into memory, and this simulator does not serve that")
        return self.functional_reader(instance, request.ranges)


def _checked(reply: Reply, kind: type[_Reply]) -> _Reply:
    if not isinstance(reply, kind):
        raise ProtocolError(
            "the model gives the wrong kind of answer",
            expected=kind.__name__,
            got=type(reply).__name__,
        )
    return reply
