"""What a point needs of the machine; it decides where and how long it runs, never its result."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError
from harness.base.units import parse_size_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TIMES_S = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_TIME = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*")


@dataclass(frozen=True, slots=True)
class Resources:
    """Cores, memory and host time of one point.

    Attributes:
        cores: Processors that it keeps busy.
        memory_bytes: Most memory that it may hold; 0 sets no limit.
        time_s: Most host time that it may take; 0 sets no limit.
    """

    cores: int = 1
    memory_bytes: int = 0
    time_s: float = 0.0

    def __post_init__(self) -> None:
        if self.cores < 1:
            raise SpecError("a point needs at least one core", got=str(self.cores))

    def scaled(self, memory: float = 1.0, time: float = 1.0) -> Resources:
        """Return more of it, for a further try."""
        return replace(
            self, memory_bytes=int(self.memory_bytes * memory), time_s=self.time_s * time
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


KEYS = ("cores", "memory", "time")


def read_resources(table: Mapping[str, Any]) -> Resources:
    """Read `{cores = 2, memory = "4 GiB", time = "30 min"}`.

    Raises:
        SpecError: A key is unknown, or a value has no unit.
    """
    odd = [key for key in table if key not in KEYS]
    if odd:
        raise SpecError(f"unknown key {odd[0]!r}", expected=", ".join(KEYS))
    cores = table.get("cores", 1)
    if type(cores) is not int:
        raise SpecError("cores is no whole number", got=repr(cores))
    memory_bytes = _quantity("memory", table, parse_size_bytes)
    time_s = _quantity("time", table, parse_duration_s)
    return Resources(cores, int(memory_bytes), time_s)


def _quantity(key: str, table: Mapping[str, Any], parse: Callable[[object], float]) -> float:
    try:
        return parse(table[key]) if key in table else 0.0
    except SpecError as error:
        what = f"{key} is {error.what}"
        raise SpecError(what, expected=error.expected, got=error.got) from error


def resources_from_dict(data: Mapping[str, Any]) -> Resources:
    """Return what `to_dict` wrote."""
    return Resources(**{each.name: data[each.name] for each in fields(Resources)})


def parse_duration_s(text: object) -> float:
    """Parse "90 s", "30 min", "2 h" or "1 d" of host time.

    Raises:
        SpecError: It has no unit, or an unknown one.
    """
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None or match[2] not in _TIMES_S:
        raise SpecError(
            "not a duration", expected="a number and one of s, min, h, d: '30 min'", got=repr(text)
        )
    return float(match[1]) * _TIMES_S[match[2]]


def format_resources(resources: Resources) -> str:
    """Return resources for people."""
    parts = [f"{resources.cores} core{'s' if resources.cores > 1 else ''}"]
    if resources.memory_bytes:
        parts.append(f"{resources.memory_bytes / 2**20:.0f} MiB")
    if resources.time_s:
        parts.append(f"{resources.time_s:g} s")
    return ", ".join(parts)
