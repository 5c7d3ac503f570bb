"""The model's end without any wire: hosts all instances of a model and answers requests."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from harness.base.errors import BridgeError, ModelError, ProtocolError
from harness.bridge.description import ModelDescription
from harness.bridge.execution import CommandExecution
from harness.bridge.ledger import parse_completions
from harness.bridge.messages import (
    Acceptance,
    Ack,
    Actions,
    Bye,
    Drain,
    Event,
    Farewell,
    FunctionalRequest,
    HelloParameters,
    Launch,
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
from harness.bridge.model import AcceleratorModel
from harness.bridge.windows import check_operands

if TYPE_CHECKING:
    from harness.bridge.messages import DeviceWindow
ModelFactory = Callable[[Mapping[str, object]], AcceleratorModel]
_Result = TypeVar("_Result")
_OWN_FOLDER = str(Path(__file__).parent)
_STATE_LENGTH_BYTES = 8
_TRACE_LINES = 24


class ModelHost:
    """Instances of one model and the commands that they run; one call is one exchange."""

    def __init__(
        self,
        factory: ModelFactory,
        hello: HelloParameters,
        send_busy: Callable[[str], None] | None = None,
    ) -> None:
        self._hello = hello
        self._models = [_guarded(lambda: factory(hello.parameters)) for _ in range(hello.instances)]
        for instance, model in enumerate(self._models):
            model.instance = instance
            model.seed = hello.seed
            model.send_busy = send_busy
        self._windows: tuple[DeviceWindow, ...] | None = None
        self._running: dict[int, CommandExecution] = {}
        self._next_command = [0] * hello.instances
        self._peeking: CommandExecution | None = None
        self._answers: Mapping[type, Callable[[Any], Reply | FunctionalRequest]] = {
            Reset: self._reset,
            Launch: self._launch,
            Event: self._event,
            Wake: self._wake,
            ReadRegister: self._read_register,
            WriteRegister: self._write_register,
            Drain: self._drain,
            Bye: self._bye,
        }

    def accept(self) -> Acceptance:
        """Answer Hello.

        Raises:
            ModelError: The model could not describe itself.
        """
        model = self._models[0]
        description = _guarded(model.describe)
        if not isinstance(description, ModelDescription):
            raise ModelError(
                f"{type(model).__name__}.describe returns no description",
                expected="a ModelDescription",
                got=type(description).__name__,
            )
        if not description.parameters:
            description = replace(description, parameters=model.resolved_parameters())
        return Acceptance(
            description=description,
            registers=tuple(model.registers),
            can_save_state=_can_save(model),
            can_launch_early=model.can_launch_early,
            parameters_sha256=description.parameters_sha256(),
        )

    def answer(self, request: Request) -> Reply | FunctionalRequest:
        """Answer one request.

        Raises:
            ProtocolError: It is out of order or malformed.
            ModelError: The model raised; the message says where in its code.
        """
        return _guarded(lambda: self._answers[type(request)](request))

    def functional_data(self, data: bytes) -> Reply | FunctionalRequest:
        """Go on after a FunctionalRequest.

        Raises:
            ProtocolError: Nobody asked, or the size is wrong.
            ModelError: The model raised.
        """
        execution = self._peeking
        if execution is None:
            raise ProtocolError("FunctionalData came without a FunctionalRead")
        self._peeking = None
        return _guarded(lambda: self._keep(execution, execution.functional_data(data)))

    def close(self) -> None:
        """Leave running commands without ending them."""
        for execution in self._running.values():
            execution.close()
        self._running.clear()

    def _reset(self, request: Reset) -> Reply:
        self.close()
        self._windows = request.windows
        self._next_command = [0] * len(self._models)
        for model in self._models:
            model.clear_counters()
            model.reset()
        return Ack()

    def _launch(self, request: Launch) -> Reply | FunctionalRequest:
        model = self._model(request.instance)
        if self._windows is None:
            raise ProtocolError("Launch came before Reset")
        if request.instance in self._running:
            raise ProtocolError("Launch came while a command runs", where=_where(request.instance))
        expected = self._next_command[request.instance]
        if request.command_id != expected:
            raise ProtocolError(
                "Launch has the wrong command id",
                where=_where(request.instance),
                expected=str(expected),
                got=str(request.command_id),
            )
        self._next_command[request.instance] += 1
        check_operands(request.command, self._windows)
        execution = CommandExecution(model, request.command, request.command_id, self._hello.mode)
        self._running[request.instance] = execution
        return self._keep(execution, execution.start(request.data))

    def _event(self, request: Event) -> Reply | FunctionalRequest:
        execution = self._execution(request.instance, request.command_id)
        completions = parse_completions(request.completions, request.tick)
        return self._keep(execution, execution.event(completions, request.data))

    def _wake(self, request: Wake) -> Reply:
        self._execution(request.instance, request.command_id)
        raise ProtocolError("a Wake came that the model did not ask for")

    def _read_register(self, request: ReadRegister) -> Reply:
        model = self._model(request.instance)
        register = _find_register(model, request.offset_bytes, {RegisterKind.DECISION})
        value, latency_ticks = model.read_register(register.name)
        return RegisterValue(value, latency_ticks)

    def _write_register(self, request: WriteRegister) -> Reply:
        model = self._model(request.instance)
        kinds = {RegisterKind.DECISION, RegisterKind.POSTED}
        model.write_register(_find_register(model, request.offset_bytes, kinds).name, request.value)
        return Ack()

    def _drain(self, _: Drain) -> Reply:
        if self._running:
            raise ProtocolError("Drain came while a command runs")
        if not _can_save(self._models[0]):
            raise ProtocolError("Drain came to a model that cannot save its state")
        blobs = [model.save() for model in self._models]
        lengths = (len(blob).to_bytes(_STATE_LENGTH_BYTES, "little") for blob in blobs)
        return State(b"".join(part for pair in zip(lengths, blobs, strict=True) for part in pair))

    def _bye(self, _: Bye) -> Reply:
        self.close()
        return Farewell(tuple(each for model in self._models for each in model.statistics()))

    def _keep(
        self, execution: CommandExecution, answer: Actions | FunctionalRequest
    ) -> Reply | FunctionalRequest:
        if isinstance(answer, FunctionalRequest):
            self._peeking = execution
        elif answer.is_final:
            self._running = {
                instance: each for instance, each in self._running.items() if each is not execution
            }
        return answer

    def _model(self, instance: int) -> AcceleratorModel:
        if instance >= len(self._models):
            raise ProtocolError(
                "unknown instance", expected=f"below {len(self._models)}", got=str(instance)
            )
        return self._models[instance]

    def _execution(self, instance: int, command_id: int) -> CommandExecution:
        self._model(instance)
        execution = self._running.get(instance)
        if execution is None or execution.command_id != command_id:
            raise ProtocolError(
                "a message names a command that does not run",
                where=_where(instance),
                expected="no command" if execution is None else str(execution.command_id),
                got=str(command_id),
            )
        return execution


def _guarded(call: Callable[[], _Result]) -> _Result:
    """Call into the model; whatever it raises becomes a ModelError with the user's line."""
    try:
        return call()
    except ModelError as error:
        if error.where:
            raise
        raise ModelError(
            error.what,
            where=_user_line(error),
            expected=error.expected,
            got=error.got,
            way_out=error.way_out,
        ) from error
    except BridgeError:
        raise
    except (Exception, SystemExit) as error:
        raise ModelError(
            f"the model raised {type(error).__name__}: {error}",
            where=_user_line(error),
            got=_model_trace(error),
        ) from error


def _model_trace(error: BaseException) -> str:
    """Return the error's way through the model's own code; our frames say nothing to its author."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if not each.filename.startswith(_OWN_FOLDER)]
    lines = "".join(traceback.StackSummary.from_list(own).format()).splitlines()
    if len(lines) > _TRACE_LINES:
        lines = ["  ...", *lines[-_TRACE_LINES:]]
    return "".join(f"\n  {line}" for line in lines)


def _user_line(error: BaseException) -> str:
    """Return the innermost line outside this package that the error passed, else any."""
    frames = traceback.extract_tb(error.__traceback__)
    outside = [each for each in frames if not each.filename.startswith(_OWN_FOLDER)]
    found = outside[-1] if outside else frames[-1]
    return f"{found.filename}:{found.lineno}"


def _where(instance: int) -> str:
    return f"instance {instance}"


def _can_save(model: AcceleratorModel) -> bool:
    return type(model).save is not AcceleratorModel.save


def _find_register(
    model: AcceleratorModel, offset_bytes: int, kinds: set[RegisterKind]
) -> Register:
    for register in model.registers:
        if register.offset_bytes == offset_bytes and register.kind in kinds:
            return register
    raise ProtocolError("the model has no such register", got=f"offset {offset_bytes:#x}")
