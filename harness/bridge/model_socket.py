"""The model's end of the connection: what it shows to be let in, and whether it still stands."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import zmq

from harness.base.errors import HandshakeError
from harness.bridge.messages import MAXIMUM_FRAME_BYTES
from harness.bridge.place import USER_NAME
from harness.bridge.process import SECRET_KEY_VARIABLE, SERVER_KEY_VARIABLE

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_LAST_WORDS_MS = 1000
_PROMPT_MS = 20
"""A receiver waits so long for a frame alone, which is cheap, before it watches everything else."""
_REFUSED = zmq.Event.HANDSHAKE_FAILED_AUTH | zmq.Event.HANDSHAKE_FAILED_PROTOCOL
_NOTICED = zmq.Event.HANDSHAKE_SUCCEEDED | zmq.Event.DISCONNECTED | _REFUSED


class ModelSocket:
    """A socket that connects to the simulator, and whether the connection still stands.

    Args:
        context: Of ZeroMQ.
        endpoint: Of the simulator; over tcp the model shows its key, else the token.
        token: The session's.
        environment: Holds the keys; they are taken out.

    Raises:
        HandshakeError: Over tcp: a key is missing or malformed, or this ZeroMQ has no CURVE.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        endpoint: str,
        token: bytes,
        environment: MutableMapping[str, str] = os.environ,
    ) -> None:
        keys = [environment.pop(name, "") for name in (SERVER_KEY_VARIABLE, SECRET_KEY_VARIABLE)]
        self._has_stood = False
        self.socket = context.socket(zmq.PAIR)
        self.socket.linger = _LAST_WORDS_MS
        self.socket.rcvtimeo = _PROMPT_MS
        self.socket.immediate = True
        self.socket.handshake_ivl = 0  # the simulator answers when it is ready
        self.monitor = self.socket.get_monitor_socket(_NOTICED)
        try:
            if endpoint.startswith("tcp:"):
                _prove_by_key(self.socket, endpoint, *keys)
            else:
                _prove_by_token(self.socket, token)
            self.socket.connect(endpoint)
        except BaseException:
            self.close()
            raise

    def is_lost(self) -> bool:
        """Read one event of the monitor: whether nobody will answer any more."""
        # As in Channel.note_event: u16 event, u32 value.
        event = int.from_bytes(self.monitor.recv_multipart()[0][:2], sys.byteorder)
        self._has_stood |= event == zmq.Event.HANDSHAKE_SUCCEEDED
        if event == zmq.Event.DISCONNECTED:  # before the handshake ZeroMQ tries again
            return self._has_stood
        return bool(event & _REFUSED)

    def close(self) -> None:
        """Close both sockets; what was sent still goes out."""
        self.socket.disable_monitor()
        self.monitor.close(0)
        self.socket.close()


def _prove_by_token(socket: zmq.Socket[bytes], token: bytes) -> None:
    socket.plain_username = USER_NAME
    socket.plain_password = token.hex().encode()
    socket.maxmsgsize = MAXIMUM_FRAME_BYTES


def _prove_by_key(
    socket: zmq.Socket[bytes], endpoint: str, server_key: str, secret_key: str
) -> None:
    from harness.bridge.tcp import (  # noqa: PLC0415 - the simulator's end, only for tcp
        CurveAddress,
        require_curve,
        watch_for_silence,
    )

    require_curve()
    try:
        socket.curve_serverkey = server_key.encode()
        socket.curve_publickey = zmq.curve_public(secret_key.encode())
        socket.curve_secretkey = secret_key.encode()
    except (zmq.ZMQError, ValueError) as error:
        raise HandshakeError(
            "a model over tcp needs the keys that the simulator made for this run",
            expected=f"{SERVER_KEY_VARIABLE} and {SECRET_KEY_VARIABLE} in the environment",
        ) from error
    socket.maxmsgsize = MAXIMUM_FRAME_BYTES + CurveAddress.overhead_bytes
    watch_for_silence(socket, endpoint)
