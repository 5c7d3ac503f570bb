"""The in-process transport: the model's objects live in the simulator's process."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from harness.base.errors import ProtocolError
from harness.bridge.connection import ModelConnection
from harness.bridge.messages import FunctionalRequest

if TYPE_CHECKING:
    from harness.bridge.connection import FunctionalReader
    from harness.bridge.host import ModelHost
    from harness.bridge.messages import HelloParameters, Launch, Reply, Request


class InProcessConnection(ModelConnection):
    """The model's objects live in this process; nothing is encoded."""

    def __init__(
        self,
        host: ModelHost,
        hello: HelloParameters,
        functional_reader: FunctionalReader | None = None,
    ) -> None:
        super().__init__(hello, host.accept(), functional_reader)
        self._host = host

    def exchange(self, request: Request) -> Reply:
        """Call the model."""
        reply = self._host.answer(request)
        has_read = False
        while isinstance(reply, FunctionalRequest):
            if has_read:
                raise ProtocolError("the model reads functionally twice in one turn")
            has_read = True
            instance = cast("Launch", request).instance
            reply = self._host.functional_data(self._read_functionally(instance, reply))
        return reply

    def abort(self) -> None:
        """Drop the model's objects."""
        self._host.close()


def connect_in_process(
    model_reference: str,
    hello: HelloParameters,
    functional_reader: FunctionalReader | None = None,
) -> ModelConnection:
    """Load a model into this process and shake hands with it.

    Args:
        model_reference: An installed model's name, "file.py[:Class]", "module:Class", or a shared
            object ("model.so").
        hello: What the simulator says of itself.
        functional_reader: Serves the model's functional reads.

    Raises:
        HandshakeError: There is no such model, or it refuses the parameters.
        ModelError: The model raised.
    """
    if model_reference.endswith(".so"):
        from harness.bridge.shared_object import connect_shared_object  # noqa: PLC0415

        return connect_shared_object(model_reference, hello, functional_reader)
    from harness.bridge.host import ModelHost  # noqa: PLC0415 - the ipc transport needs no SDK
    from harness.bridge.load import load_model  # noqa: PLC0415

    return InProcessConnection(
        ModelHost(load_model(model_reference), hello), hello, functional_reader
    )
