"""Calibrations: values of a target's fields that were measured, to be laid over any target.

    [set]                               # field of the target -> value, as --set takes it
    "cpu.uncached_read" = "64 ns"

    [[parameter]]                       # where each value comes from, in the same order
    key = "cpu.uncached_read"
    measured = "..."
    formula = "..."

What else is in the file is for people.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_SHIPPED = Path(__file__).parent / "data" / "calibrations"


def list_calibrations() -> tuple[str, ...]:
    """Return the names of the shipped calibrations."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.toml")))


def read_calibration(name_or_path: str | Path) -> tuple[str, ...]:
    """Return a calibration as overrides, "key=value" each, in the file's order.

    Args:
        name_or_path: A shipped calibration's name or a TOML file.

    Raises:
        SpecError: There is no such file, or it is no calibration.
    """
    path = _find(str(name_or_path))
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SpecError("cannot read the calibration", where=str(path), got=str(error)) from error
    return tuple(f"{key}={_text(value)}" for key, value in _settings(table, path).items())


def _settings(table: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    settings = table.get("set")
    if not isinstance(settings, dict) or not settings:
        raise SpecError(
            "this is no calibration",
            where=str(path),
            expected='a table [set] with lines such as "cpu.uncached_read" = "64 ns"',
        )
    for key, value in settings.items():
        if not isinstance(value, str | int | float):
            raise SpecError(f"{key!r} has no plain value", where=str(path), got=repr(value))
    return settings


def _text(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _find(name: str) -> Path:
    if name in list_calibrations():
        return _SHIPPED / f"{name}.toml"
    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        return path
    raise SpecError(
        f"no calibration {name!r}",
        expected=f"one of {', '.join(list_calibrations())}, or the path of a .toml file",
        way_out="`harness calibrate -o FILE.toml` measures one",
    )
