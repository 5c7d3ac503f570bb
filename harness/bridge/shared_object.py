"""A model in a shared object, in this process: the same frames as on a socket, through one C call.

The C interface is `harness/bridge/cpp/plugin.hh`; the object exports `harness_model_create` only.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, ClassVar, cast

from harness.base.errors import BridgeError, HandshakeError, PeerLostError
from harness.bridge.connection import FunctionalReader, ModelConnection
from harness.bridge.messages import Acceptance, Busy, FunctionalRequest, HelloParameters
from harness.bridge.session import SimulatorSession, make_token

if TYPE_CHECKING:
    from pathlib import Path

    from harness.bridge.messages import Launch, Reply, Request

ABI_VERSION = 1
_FACTORY = "harness_model_create"
_BYTES = ctypes.POINTER(ctypes.c_uint8)


class _Model(ctypes.Structure):
    """`struct HarnessModel` of plugin.hh."""

    _fields_: ClassVar = [
        ("abi_version", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("session", ctypes.c_void_p),
        (
            "exchange",
            ctypes.CFUNCTYPE(
                ctypes.c_int,
                ctypes.c_void_p,
                ctypes.c_char_p,
                ctypes.c_size_t,
                ctypes.POINTER(_BYTES),
                ctypes.POINTER(ctypes.c_size_t),
            ),
        ),
        ("destroy", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
    ]


def is_shared_object(reference: str) -> bool:
    """Return whether a model reference names a shared object."""
    return reference.endswith(".so")


class SharedObjectModel:
    """One session with the model of a shared object.

    Raises:
        HandshakeError: The file is no shared object of a model, or of another interface version.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = str(path)
        try:
            # Its symbols stay its own: two models may bring two versions of one library.
            library = ctypes.CDLL(self._path, mode=ctypes.RTLD_LOCAL)
            factory = getattr(library, _FACTORY)
        except (OSError, AttributeError) as error:
            raise HandshakeError(
                f"this is no shared object of an accelerator model: {error}",
                where=self._path,
                expected=f"a shared object that exports {_FACTORY}",
            ) from error
        factory.restype = ctypes.POINTER(_Model)
        factory.argtypes = []
        self._model = factory()
        if not self._model:
            raise HandshakeError("the model's factory failed", where=self._path)
        version = self._model.contents.abi_version
        if version != ABI_VERSION:
            raise HandshakeError(
                "the shared object speaks another version of the C interface",
                where=self._path,
                expected=str(ABI_VERSION),
                got=str(version),
            )

    def exchange(self, frame: bytes) -> bytes:
        """Hand one frame over and return the answer, empty if none is due.

        Raises:
            PeerLostError: The session is closed, or the model is out of memory.
        """
        if not self._model:
            raise PeerLostError("the model's session is closed", where=self._path)
        model = self._model.contents
        reply, size = _BYTES(), ctypes.c_size_t()
        status = model.exchange(
            model.session, frame, len(frame), ctypes.byref(reply), ctypes.byref(size)
        )
        if status:
            raise PeerLostError("the model is out of memory", where=self._path)
        return ctypes.string_at(reply, size.value)

    def close(self) -> None:
        """End the session and free the model; may be called twice."""
        if self._model:
            model, self._model = self._model, None
            model.contents.destroy(ctypes.cast(model, ctypes.c_void_p))


class SharedObjectConnection(ModelConnection):
    """A session with a model that lives in this process behind its C interface."""

    def __init__(
        self,
        model: SharedObjectModel,
        session: SimulatorSession,
        hello: HelloParameters,
        acceptance: Acceptance,
        functional_reader: FunctionalReader | None,
    ) -> None:
        super().__init__(hello, acceptance, functional_reader)
        self._model = model
        self._session = session

    def exchange(self, request: Request) -> Reply:
        """Call the model; after any failure it is gone."""
        try:
            frame = self._session.request(request)
            while True:
                reply = self._session.reply(self._model.exchange(frame))
                if isinstance(reply, Busy):
                    raise PeerLostError("a model in this process cannot be busy")
                if not isinstance(reply, FunctionalRequest):
                    return reply
                data = self._read_functionally(cast("Launch", request).instance, reply)
                frame = self._session.functional_data(data)
        except BridgeError:
            self.abort()
            raise

    def abort(self) -> None:
        """Drop the model at once."""
        self._model.close()


def connect_shared_object(
    path: str | Path, hello: HelloParameters, functional_reader: FunctionalReader | None = None
) -> ModelConnection:
    """Load a model's shared object into this process and shake hands with it.

    Raises:
        HandshakeError: It is no model, or it refuses the parameters.
    """
    session = SimulatorSession(hello, make_token())
    model = SharedObjectModel(path)
    try:
        acceptance = session.accept(model.exchange(session.hello()))
        if isinstance(acceptance, Busy):
            raise HandshakeError("a model in this process cannot be busy", where=str(path))
    except BridgeError:
        model.close()
        raise
    return SharedObjectConnection(model, session, hello, acceptance, functional_reader)
