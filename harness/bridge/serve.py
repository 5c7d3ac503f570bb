"""The model's process: `python -m harness.bridge.serve REFERENCE --endpoint ENDPOINT`.

It connects before it imports the model, serves one session, and ends when the simulator does.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import TYPE_CHECKING

from harness.base.errors import HandshakeError
from harness.base.threads import SINGLE_THREAD
from harness.bridge.process import TOKEN_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.bridge.model import AcceleratorModel
    from harness.bridge.model_socket import ModelSocket
    from harness.bridge.session import ModelSession

_PR_SET_PDEATHSIG = 1  # man 2 prctl
_CONNECT_TIMEOUT_MS = 60_000
_EXIT_OK, _EXIT_LOST, _EXIT_FAILED = 0, 3, 4


def main(arguments: list[str]) -> int:
    """Serve one session and return the exit status."""
    reference, endpoint = _parse(arguments)
    die_with_parent()
    os.environ.update(SINGLE_THREAD)
    token = bytes.fromhex(os.environ.pop(TOKEN_VARIABLE, ""))
    import zmq  # noqa: PLC0415 - after the environment is set

    from harness.bridge.model_socket import ModelSocket  # noqa: PLC0415

    context = zmq.Context()
    try:
        connection = ModelSocket(context, endpoint, token)
        try:
            return serve(connection, reference, token)
        finally:
            connection.close()
    except HandshakeError as error:
        sys.stderr.write(f"{error}\n")
        return _EXIT_FAILED
    finally:
        context.term()


def die_with_parent() -> None:
    """Ask the kernel to end this process when the one that started it ends."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(_EXIT_LOST)


def serve(connection: ModelSocket, reference: str, token: bytes) -> int:
    """Answer frames until the session ends."""
    from harness.bridge.load import load_model  # noqa: PLC0415 - numpy, behind the connection
    from harness.bridge.session import ModelSession  # noqa: PLC0415

    def make(parameters: Mapping[str, object]) -> AcceleratorModel:
        return load_model(reference)(parameters)

    session = ModelSession(make, token, connection.socket.send)
    return _serve_until_closed(connection, session)


def _serve_until_closed(connection: ModelSocket, session: ModelSession) -> int:
    import zmq  # noqa: PLC0415 - see main

    socket, monitor = connection.socket, connection.monitor
    poller = zmq.Poller()
    poller.register(socket, zmq.POLLIN)
    poller.register(monitor, zmq.POLLIN)
    timeout_ms: int | None = _CONNECT_TIMEOUT_MS
    while not session.is_closed:
        try:
            frame = socket.recv()  # waits a moment: the usual case
        except zmq.Again:
            ready = dict(poller.poll(timeout_ms))
            if socket not in ready and (monitor not in ready or connection.is_lost()):
                return _EXIT_LOST
            continue
        timeout_ms = None
        answer = session.handle(frame)
        if answer:
            socket.send(answer)
    if session.error is not None:
        return _EXIT_FAILED
    return _EXIT_OK


def _parse(arguments: list[str]) -> tuple[str, str]:
    if len(arguments) != 3 or arguments[1] != "--endpoint":
        raise SystemExit("usage: python -m harness.bridge.serve REFERENCE --endpoint ENDPOINT")
    return arguments[0], arguments[2]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
