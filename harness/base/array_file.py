"""Arrays from .npy and .npz files of unknown origin: read, or refused with one message."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from harness.base.errors import HarnessError

    Array = np.ndarray[Any, np.dtype[Any]]

_DAMAGE = (
    *(OSError, ValueError, EOFError, MemoryError, OverflowError, RecursionError, SyntaxError),
    *(KeyError, TypeError, NotImplementedError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, tokenize.TokenError),
)
"""What numpy's parser of headers and the zip reader raise about damaged files."""


def read_arrays(
    path: Path, error_type: type[HarnessError], what: str, *, expected: str = ""
) -> Array | dict[str, Array]:
    """Read a .npy file's array or a .npz file's arrays by name; no code in them is run.

    Args:
        path: The file.
        error_type: What to raise if that is not possible.
        what: What the file is, for the message.
        expected: What it should be, for the message.
    """
    import numpy as np  # noqa: PLC0415 - only who reads arrays pays for it

    try:
        with path.open("rb") as stream:
            loaded = np.load(stream, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return loaded
            with loaded as archive:
                return {name: archive[name] for name in archive.files}
    except _DAMAGE as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        if "pickle" in why:  # what numpy takes everything for that it does not know
            why = "it is no array of numbers"
        raise error_type(
            f"cannot read {what}: {why or type(error).__name__}", where=str(path), expected=expected
        ) from error


def read_array(path: Path, error_type: type[HarnessError], what: str) -> Array:
    """Read a .npy file's array; see `read_arrays`."""
    found = read_arrays(path, error_type, what)
    if isinstance(found, dict):
        raise error_type(f"cannot read {what}: not one array", where=str(path))
    return found
