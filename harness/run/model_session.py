"""The model of a run: which one, how it is reached, and that nothing of it is left behind."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import HandshakeError, SpecError
from harness.run.directory import MODEL_LOG
from harness.stats.statistic import is_statistic_name

if TYPE_CHECKING:
    from harness.bridge.connection import ModelConnection
    from harness.bridge.ipc import StartedModel
    from harness.bridge.messages import HelloParameters
    from harness.run.request import RunRequest
    from harness.target import Target


class ModelSession:
    """Starts a model early and connects to it later; `end` may be called at any time."""

    def __init__(self, request: RunRequest, directory: Path) -> None:
        self._request = request
        self._directory = directory
        self._started: StartedModel | None = None
        self._connection: ModelConnection | None = None

    def start(self, target: Target) -> str:
        """Start the model's process, if it is to have one; it boots while others work.

        Returns:
            What the user is to do to start the model, if it is the user's to start; else nothing.

        Raises:
            SpecError: The model is a file that does not exist.
            HandshakeError: It cannot be started, or the address cannot be bound.
        """
        request = self._request
        if request.replay is not None:
            return ""
        reference, is_manual = self._reference(target), request.debug_model
        if not request.model_endpoint:  # else it is a file of another host
            check_model_file(reference)
        if request.spec.transport == "inproc":
            return ""
        deadline_s = request.spec.deadline_s
        if request.model_endpoint:
            from harness.bridge.tcp import await_remote_model  # noqa: PLC0415 - as below

            self._started = await_remote_model(
                reference, request.model_endpoint, deadline_s=None if is_manual else deadline_s
            )
            return f"start the model on its host:\n{self._started.command_line}"
        if request.spec.transport == "tcp":
            from harness.bridge.tcp import start_tcp_model as start  # noqa: PLC0415 - as below
        else:
            from harness.bridge.ipc import (  # noqa: PLC0415 - zmq, not for inproc
                start_model_process as start,
            )
        self._started = start(
            reference, self._directory, deadline_s=deadline_s, is_manual=is_manual
        )
        by_hand = "start the model in another terminal, under any debugger:"
        return f"{by_hand}\n{self._started.command_line}" if is_manual else ""

    def connect(self, target: Target) -> ModelConnection:
        """Shake hands with the model.

        Raises:
            BridgeError: It did not start, or the two ends cannot agree.
        """
        self._connection = self._connected(target)
        self._started = None
        check_unit_names(self._connection.description.units)
        if self._request.record is not None:
            from harness.bridge.trace import RecordingConnection  # noqa: PLC0415

            self._connection = RecordingConnection(self._connection, self._request.record)
        return self._connection

    def end(self) -> None:
        """Drop the model, whatever it does; does nothing after a session that ended well."""
        if self._started is not None:
            self._started.abort()
        if self._connection is not None:
            self._connection.abort()
        log = self._directory / MODEL_LOG
        with suppress(OSError):
            if log.stat().st_size == 0:
                log.unlink()

    def _connected(self, target: Target) -> ModelConnection:
        spec = self._request.spec
        hello = hello_parameters(target, spec.mode, spec.seed)
        if self._started is not None:
            return self._started.connect(hello)
        if self._request.replay is not None:
            from harness.bridge.trace import ReplayConnection  # noqa: PLC0415

            return ReplayConnection(self._request.replay)
        from harness.bridge.in_process import connect_in_process  # noqa: PLC0415

        return connect_in_process(self._reference(target), hello)

    def _reference(self, target: Target) -> str:
        return self._request.spec.accelerator or target.accelerator.model


def check_model_file(reference: str) -> None:
    """See to it that a model given as a file is there.

    Raises:
        SpecError: It is not.
    """
    file = reference.partition(".py:")[0] + ".py" if ".py:" in reference else reference
    is_file = "/" in file or file.endswith((".py", ".so"))
    if is_file and not Path(file).is_file():
        raise SpecError(
            "there is no such file for an accelerator model",
            where=file,
            expected="file.py[:Class], a program, a shared object, or an installed model's name",
            way_out="see harness list models",
        )


def hello_parameters(target: Target, mode: str, seed: int) -> HelloParameters:
    """Return what the simulator says of itself."""
    from harness.bridge.messages import HelloParameters, ModelMode  # noqa: PLC0415

    return HelloParameters(
        mode=ModelMode.EXACT if mode == "exact" else ModelMode.KERNEL,
        instances=target.accelerator.count,
        parameters=dict(target.accelerator.parameters),
        line_bytes=target.line_bytes,
        seed=seed,
    )


def check_unit_names(units: tuple[str, ...]) -> None:
    """Refuse names of units that could not stand in stats.txt.

    Raises:
        HandshakeError: A name has blanks or odd characters.
    """
    for unit in units:
        if not is_statistic_name(unit):
            raise HandshakeError(
                "a unit's name in the model's description cannot stand in stats.txt",
                expected="a name without blanks",
                got=repr(unit),
            )
