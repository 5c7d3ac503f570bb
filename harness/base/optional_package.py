"""Packages that only some commands need: imported when asked for, with a clear error if missing."""

from __future__ import annotations

import importlib
from typing import Any

from harness.base.errors import SpecError


def require_package(module: str, extra: str) -> Any:
    """Import a module of an optional package.

    Args:
        module: Its full name, such as "pyarrow.parquet".
        extra: The extra of harness that installs it.

    Raises:
        SpecError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise SpecError(
            f"this needs the package {module.split('.')[0]}",
            got=str(error),
            way_out=f"pip install {module.split('.')[0]}; it belongs to the extra {extra}",
        ) from error
