"""The vector MAC engine in C++: twin of `accel_models.vector_mac`, tick for tick, byte for byte.

It is built where ZeroMQ's and protobuf's C++ headers are present. Run it out of process with
`harness run lenet5 --accelerator "$(python -m accel_models.vector_mac_cpp)"`, in process with the
shared object that `--shared-object` prints.
"""

from __future__ import annotations

from pathlib import Path

from harness.base.errors import HandshakeError

_PROGRAM = "vector_mac"
_SHARED_OBJECT = "vector_mac.so"


def _folders() -> list[str]:
    """Where this package's files lie: beside this file, and where an editable install puts them."""
    return [str(Path(__file__).parent), *__path__]


def _find(name: str) -> Path:
    for folder in _folders():
        path = Path(folder) / name
        if path.is_file():
            return path
    raise HandshakeError(
        "the C++ twin of vector_mac is not built",
        where=str(Path(__file__).parent / name),
        way_out="install Debian's libprotobuf-dev, protobuf-compiler, libzmq3-dev and "
        "cppzmq-dev, then install harness again",
    )


def binary_path() -> Path:
    """Return the model's program, for `--accelerator` and out-of-process runs.

    Raises:
        HandshakeError: It is not built.
    """
    return _find(_PROGRAM)


def shared_object_path() -> Path:
    """Return the model's shared object, for in-process runs.

    Raises:
        HandshakeError: It is not built.
    """
    return _find(_SHARED_OBJECT)
