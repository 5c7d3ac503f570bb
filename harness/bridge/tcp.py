"""The tcp transport: the ipc transport's socket on an IP address, behind CURVE.

Both ends have a fresh key pair per run. The peer's key is the proof that ZAP asks for, in place of
the PLAIN password; the session token is in every frame as on any transport. There is no way to
switch encryption off.
"""

from __future__ import annotations

import re
import socket as network
from typing import TYPE_CHECKING

import zmq
from zmq.utils import z85

from harness.base.errors import HandshakeError, SpecError
from harness.bridge.channel import Channel
from harness.bridge.ipc import DEFAULT_DEADLINE_S, StartedModel, start_model_process
from harness.bridge.process import (
    SECRET_KEY_VARIABLE,
    SERVER_KEY_VARIABLE,
    model_environment,
    remote_argv,
    shell_command,
)
from harness.bridge.session import make_token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.bridge.connection import FunctionalReader, ModelConnection
    from harness.bridge.messages import HelloParameters

LOOPBACK = "tcp://127.0.0.1:*"
"""The default: this machine only, any free port."""

_ADDRESS = re.compile(r"tcp://(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^\s:/\[\]]+):(?P<port>\d{1,5}|\*)")
_EVERY_INTERFACE = ("0.0.0.0", "[::]", "*")  # noqa: S104 - recognised, never a default
_GREATEST_PORT = 65535
_CURVE_OVERHEAD_BYTES = 64  # RFC 26, MESSAGE: name 8, nonce 8, box 16, flags 1; rounded up
_UNANSWERED_MS = 30_000


class CurveAddress:
    """An IP address behind CURVE; the only peer let in is the one whose key pair was made here.

    Raises:
        HandshakeError: This ZeroMQ was built without CURVE.
    """

    overhead_bytes = _CURVE_OVERHEAD_BYTES

    def __init__(self, address: str = LOOPBACK) -> None:
        require_curve()
        self.address = address
        self._public_key, self._secret_key = zmq.curve_keypair()
        peer_public_key, peer_secret_key = zmq.curve_keypair()
        self._peer_proof = [b"CURVE", z85.decode(peer_public_key)]
        self.environment: Mapping[str, str] = {
            SERVER_KEY_VARIABLE: self._public_key.decode(),
            SECRET_KEY_VARIABLE: peer_secret_key.decode(),
        }

    def secure(self, socket: zmq.Socket[bytes]) -> None:
        """Ask for CURVE; NULL and PLAIN peers and raw bytes get no further."""
        socket.curve_server = True
        socket.curve_publickey = self._public_key
        socket.curve_secretkey = self._secret_key
        watch_for_silence(socket, self.address)

    def is_right(self, proof: Sequence[bytes]) -> bool:
        """Whether the peer proved that it has the one secret key."""
        return list(proof) == self._peer_proof

    def remove(self) -> None:
        """Do nothing: nothing is left in the file system."""


def require_curve() -> None:
    """Check that this ZeroMQ can encrypt.

    Raises:
        HandshakeError: It was built without CURVE.
    """
    if not zmq.has("curve"):
        raise HandshakeError(
            "the tcp transport needs CURVE, and this ZeroMQ was built without it",
            got=f"libzmq {zmq.zmq_version()}",
            way_out="--transport ipc, or a pyzmq wheel or libzmq that has CURVE",
        )


def watch_for_silence(socket: zmq.Socket[bytes], address: str) -> None:
    """Have the kernel break a connection whose other host vanished (man 7 tcp).

    It asks a host, not a program: a model that a debugger has stopped stays connected.
    """
    socket.ipv6 = "[" in address
    socket.tcp_keepalive = 1
    socket.tcp_keepalive_idle = 10
    socket.tcp_keepalive_intvl = 5
    socket.tcp_keepalive_cnt = 4
    socket.tcp_maxrt = _UNANSWERED_MS


def check_address(address: str) -> None:
    """Check an address to bind.

    Raises:
        SpecError: It is not `tcp://HOST:PORT`.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None or (found["port"] != "*" and int(found["port"]) > _GREATEST_PORT):
        raise SpecError(
            "not an address that the bridge can bind",
            expected="tcp://HOST:PORT, for example tcp://192.0.2.7:5555; port * is any free one",
            got=repr(address),
        )


def start_tcp_model(
    model: str | Sequence[str],
    run_directory: Path,
    *,
    deadline_s: float | None = DEFAULT_DEADLINE_S,
    is_manual: bool = False,
) -> StartedModel:
    """Start a model's process on this machine; as `start_model_process`, over loopback.

    Raises:
        HandshakeError: The program cannot be started, or this ZeroMQ has no CURVE.
    """
    return start_model_process(
        model, run_directory, deadline_s=deadline_s, is_manual=is_manual, place=CurveAddress()
    )


def connect_tcp(
    model: str | Sequence[str],
    hello: HelloParameters,
    run_directory: Path,
    *,
    deadline_s: float | None = DEFAULT_DEADLINE_S,
    functional_reader: FunctionalReader | None = None,
) -> ModelConnection:
    """Start a model's process on this machine and shake hands with it over loopback."""
    started = start_tcp_model(model, run_directory, deadline_s=deadline_s)
    return started.connect(hello, functional_reader)


def await_remote_model(
    model: str, address: str, *, deadline_s: float | None = DEFAULT_DEADLINE_S
) -> StartedModel:
    """Bind an address and leave it to the user to start the model, on any host that reaches it.

    Args:
        model: A model reference that means the model on its host.
        address: `tcp://HOST:PORT` to bind.
        deadline_s: Longest time for one answer once the model has connected; until then `connect`
            waits for ever.

    Raises:
        SpecError: It is not an address.
        HandshakeError: It cannot be bound, or this ZeroMQ has no CURVE.
    """
    check_address(address)
    token = make_token()
    place = CurveAddress(address)
    channel = Channel(place)
    environment = {**model_environment(token), **place.environment}
    command_line = shell_command(
        remote_argv(model, reachable_endpoint(channel.endpoint)), environment
    )
    return StartedModel(channel, token, None, command_line, deadline_s, is_awaited=True)


def reachable_endpoint(endpoint: str) -> str:
    """Return a bound endpoint as another host names it."""
    host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
    return f"tcp://{network.gethostname() if host in _EVERY_INTERFACE else host}:{port}"
