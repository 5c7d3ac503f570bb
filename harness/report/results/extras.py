"""Packages of the extras, imported when they are needed, or one error that says how to get them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from harness.base.errors import SpecError


def load_duckdb() -> Any:
    """Import duckdb."""
    return load_extra("duckdb", "results")


def load_pyarrow() -> Any:
    """Import pyarrow."""
    return load_extra("pyarrow", "results")


def load_extra(module: str, extra: str) -> Any:
    """Import a module of an optional package.

    Raises:
        SpecError: It is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise SpecError(
            f"this needs the package {module.partition('.')[0]}",
            got=str(error),
            way_out=f"pip install 'harness[{extra}]'",
        ) from error
