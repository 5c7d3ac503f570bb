"""The simulator's socket: one peer, and only the one that can prove who it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import zmq

from harness.base.errors import HandshakeError
from harness.bridge.messages import MAXIMUM_FRAME_BYTES

if TYPE_CHECKING:
    from harness.bridge.place import Place

_HANDSHAKE_MS = 10_000
"""A stranger who connects and says nothing is dropped after this; a model then tries again."""
PROMPT_MS = 20
"""A receiver waits so long for a frame alone, which is cheap, before it watches everything else."""
_LOST = zmq.Event.DISCONNECTED | zmq.Event.HANDSHAKE_FAILED_AUTH


class Channel:
    """The bound socket with its door-keeper and its monitor.

    Attributes:
        endpoint: What it is bound to.
        has_begun: The peer has got a frame.

    Raises:
        HandshakeError: The place cannot be bound.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self.has_begun = False
        self._is_doubtful = False
        self._context = zmq.Context()
        self.zap = self._context.socket(zmq.REP)
        self.zap.bind("inproc://zeromq.zap.01")
        self.socket = self._context.socket(zmq.PAIR)
        place.secure(self.socket)
        self.socket.zap_domain = b"harness"
        self.socket.linger = 0
        self.socket.immediate = True
        self.socket.rcvtimeo = PROMPT_MS
        self.socket.handshake_ivl = _HANDSHAKE_MS
        self.socket.maxmsgsize = MAXIMUM_FRAME_BYTES + place.overhead_bytes
        self.monitor = self.socket.get_monitor_socket(_LOST)
        try:
            self.socket.bind(place.address)
        except zmq.ZMQError as error:
            self.close()
            raise HandshakeError(
                f"the bridge cannot be bound: {error.strerror}", where=place.address
            ) from error
        self.endpoint = self.socket.get_string(zmq.LAST_ENDPOINT).rstrip("\0")

    def admit(self) -> None:
        """Answer one question of ZAP: a right peer is let in as long as there is none yet.

        A peer that gave up waiting leaves its question behind and asks again; so it is the socket
        that tells whether one is there, not how many asked. A PAIR never takes a second one.
        """
        request = self.zap.recv_multipart()
        is_admitted = self._place.is_right(request[5:]) and not self._has_peer()
        status = [b"200", b"OK"] if is_admitted else [b"400", b"not the model of this run"]
        self.zap.send_multipart([request[0], request[1], *status, b"", b""])

    def begin(self) -> None:
        """Note that the peer has got a frame: from now on it is this one or none."""
        self.has_begun = True

    def note_event(self) -> None:
        """Read one event of the monitor."""
        # man 3 zmq_socket_monitor: u16 event and u32 value. pyzmq's parser imports asyncio.
        event = int.from_bytes(self.monitor.recv_multipart()[0][:2], sys.byteorder)
        self._is_doubtful |= event == zmq.Event.DISCONNECTED

    def is_lost(self) -> bool:
        """Whether the peer went away.

        Strangers connect and disconnect, too, and an event does not say who it was; but without
        its peer a PAIR has nobody to send to. It may learn that a moment after the event, so one
        who waits has to ask again.
        """
        is_possible = self.has_begun and self._is_doubtful
        return is_possible and not self.socket.poll(0, zmq.POLLOUT)

    def close(self) -> None:
        """Close everything and remove what the place left; goes on where it was interrupted."""
        if not self.socket.closed:
            self.socket.disable_monitor()
        self.monitor.close(0)
        self.socket.close(0)
        self.zap.close(0)
        self._context.term()
        self._place.remove()

    def _has_peer(self) -> bool:
        return self.has_begun or bool(self.socket.poll(0, zmq.POLLOUT))
