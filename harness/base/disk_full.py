"""Whether a disk, or a quota or limit of file sizes that stands for one, is full."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_LEAST_FREE_BYTES = 1 << 20


def says_disk_full(error: BaseException) -> bool:
    """Tell whether an error is the operating system's word for it."""
    return isinstance(error, OSError) and error.errno in _ERRORS


def is_disk_full(folder: Path) -> bool:
    """Tell whether next to nothing is left where a folder is; False if nobody can say."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < _LEAST_FREE_BYTES
