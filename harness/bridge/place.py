"""Where the simulator's socket waits for its model, and what a model must show to be let in."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import zmq

USER_NAME = b"harness"
_MAXIMUM_PATH_BYTES = 107  # man 7 zmq_ipc: sockaddr_un holds 108 with the final zero
_SOCKET_NAME = "s"


class Place(Protocol):
    """An address to bind with the proof that it asks for.

    Attributes:
        address: What the socket binds; the system may resolve parts of it.
        overhead_bytes: How much larger than a frame its message is on the way.
        environment: What the model's process must find in its environment besides the token.
    """

    address: str
    overhead_bytes: int
    environment: Mapping[str, str]

    def secure(self, socket: zmq.Socket[bytes]) -> None:
        """Switch the proof on, before the socket is bound."""

    def is_right(self, proof: Sequence[bytes]) -> bool:
        """Whether a peer may come in, by the mechanism and the credentials that it showed."""

    def remove(self) -> None:
        """Remove what the place left in the file system."""


class PrivateFolder:
    """A Unix socket in a folder of its own; the peer shows the session token as PLAIN password."""

    overhead_bytes = 0

    def __init__(self, run_directory: Path, token: bytes) -> None:
        self._token = token
        self._folder = _private_folder(run_directory)
        self.address = f"ipc://{self._folder / _SOCKET_NAME}"
        self.environment: Mapping[str, str] = {}

    def secure(self, socket: zmq.Socket[bytes]) -> None:
        """Ask for PLAIN; NULL peers and raw bytes get no further."""
        socket.plain_server = True

    def is_right(self, proof: Sequence[bytes]) -> bool:
        """Whether the password is the token."""
        return list(proof) == [b"PLAIN", USER_NAME, self._token.hex().encode()]

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _private_folder(run_directory: Path) -> Path:
    """Make a folder that only this user can enter and whose socket's path is short enough."""
    folder = Path(tempfile.mkdtemp(prefix="bridge-", dir=run_directory)).absolute()
    if len(os.fsencode(folder / _SOCKET_NAME)) <= _MAXIMUM_PATH_BYTES:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="harness-bridge-"))
