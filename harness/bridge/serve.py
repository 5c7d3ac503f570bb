"""The model's process: `python -m harness.bridge.serve REFERENCE --endpoint ENDPOINT`.

It connects before it imports the model, serves one session, and ends when the simulator does.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import TYPE_CHECKING

from harness.bridge.process import SINGLE_THREAD, TOKEN_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import zmq

    from harness.bridge.model import AcceleratorModel
    from harness.bridge.session import ModelSession

_PR_SET_PDEATHSIG = 1  # man 2 prctl
_CONNECT_TIMEOUT_MS = 60_000
_LAST_WORDS_MS = 1000
_EXIT_OK, _EXIT_LOST, _EXIT_FAILED = 0, 3, 4


def main(arguments: list[str]) -> int:
    """Serve one session and return the exit status."""
    reference, endpoint = _parse(arguments)
    die_with_parent()
    os.environ.update(SINGLE_THREAD)
    token = bytes.fromhex(os.environ.pop(TOKEN_VARIABLE, ""))
    import zmq  # noqa: PLC0415 - after the environment is set

    context = zmq.Context()
    socket = connect(context, endpoint, token)
    try:
        return serve(socket, reference, token)
    finally:
        socket.close()
        context.term()


def die_with_parent() -> None:
    """Ask the kernel to end this process when the one that started it ends."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(_EXIT_LOST)


def connect(
    context: zmq.Context[zmq.Socket[bytes]], endpoint: str, token: bytes
) -> zmq.Socket[bytes]:
    """Return a socket that is connecting to the simulator."""
    import zmq  # noqa: PLC0415 - see main

    from harness.bridge.messages import MAXIMUM_FRAME_BYTES  # noqa: PLC0415 - see main

    socket = context.socket(zmq.PAIR)
    socket.plain_username = b"harness"
    socket.plain_password = token.hex().encode()
    socket.linger = _LAST_WORDS_MS
    socket.immediate = True
    socket.handshake_ivl = 10_000
    socket.maxmsgsize = MAXIMUM_FRAME_BYTES
    socket.connect(endpoint)
    return socket


def serve(socket: zmq.Socket[bytes], reference: str, token: bytes) -> int:
    """Answer frames until the session ends."""
    import zmq  # noqa: PLC0415 - see main

    from harness.bridge.load import load_model  # noqa: PLC0415 - numpy, behind the connection
    from harness.bridge.session import ModelSession  # noqa: PLC0415

    def make(parameters: Mapping[str, object]) -> AcceleratorModel:
        return load_model(reference)(parameters)

    session = ModelSession(make, token, socket.send)
    monitor = socket.get_monitor_socket(zmq.Event.DISCONNECTED)
    try:
        return _serve_until_closed(socket, monitor, session)
    finally:
        socket.disable_monitor()
        monitor.close(0)


def _serve_until_closed(
    socket: zmq.Socket[bytes], monitor: zmq.Socket[bytes], session: ModelSession
) -> int:
    import zmq  # noqa: PLC0415 - see main

    poller = zmq.Poller()
    poller.register(socket, zmq.POLLIN)
    poller.register(monitor, zmq.POLLIN)
    timeout_ms: int | None = _CONNECT_TIMEOUT_MS
    while not session.is_closed:
        ready = dict(poller.poll(timeout_ms))
        if socket not in ready:
            return _EXIT_LOST
        timeout_ms = None
        answer = session.handle(socket.recv())
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
