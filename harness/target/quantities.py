"""What a field of a target file may hold: a kind with its unit, its range, its valid words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from harness.base.errors import SpecError
from harness.base.units import (
    parse_frequency_hz,
    parse_size_bytes,
    parse_time_ticks,
)

_CYCLES = re.compile(r"\s*(\d+)\s*cycles?\s*")
_SUFFIXES = ("_ticks", "_hz", "_bytes", "_cycles")
_TIME_UNITS = (("us", 10**6), ("ns", 10**3), ("ps", 1))
_FREQUENCY_UNITS = (("GHz", 10**9), ("MHz", 10**6), ("kHz", 10**3), ("Hz", 1))


@dataclass(frozen=True, slots=True)
class Quantity:
    """How a field is written in a file and which values it may take.

    Attributes:
        kind: "time", "size", "frequency", "cycles", "count", "ratio", "flag", "word" or "text".
        minimum: Smallest value allowed, in the field's own unit.
        maximum: Largest value allowed; 0 means no limit.
        words: Valid words, if `kind` is "word".
    """

    kind: str
    minimum: int = 0
    maximum: int = 0
    words: tuple[str, ...] = ()

    def parse(self, value: Any, key: str) -> Any:
        """Turn a value from a file into the field's value.

        Raises:
            SpecError: No unit, a wrong one, a wrong type or a value out of range.
        """
        try:
            parsed: Any = self._PARSERS[self.kind](self, value)
        except SpecError as error:
            raise SpecError(
                f"{key}: {error.what}",
                where=error.where,
                expected=error.expected,
                got=error.got or repr(value),
                way_out=error.way_out,
            ) from error
        self.check(parsed, key)
        return parsed

    def check(self, value: Any, key: str) -> None:
        """Refuse a value of the wrong type or out of range."""
        if type(value) not in self._TYPES[self.kind]:
            raise SpecError(f"{key} has the wrong type", expected=self.kind, got=repr(value))
        if self.words and value not in self.words:
            raise SpecError(
                f"{key} is not a valid word", expected=", ".join(self.words), got=repr(value)
            )
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            self._check_range(value, key)

    def _check_range(self, value: float, key: str) -> None:
        is_low = value <= 0 if self.kind == "ratio" else value < self.minimum
        if is_low or value != value or (self.maximum and value > self.maximum):  # noqa: PLR0124
            low = "more than 0" if self.kind == "ratio" else f"at least {self.minimum}"
            high = f", at most {self.maximum}" if self.maximum else ""
            raise SpecError(f"{key} is out of range", expected=low + high, got=repr(value))

    def format(self, value: Any) -> str:
        """Write a value as a file would hold it."""
        if self.kind == "time":
            return _with_unit(value, _TIME_UNITS)
        if self.kind == "frequency":
            return _with_unit(value, _FREQUENCY_UNITS)
        if self.kind == "size":
            return _exact_size(value)
        if self.kind == "cycles":
            return f"{value} cycles"
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _parse_cycles(self, value: Any) -> int:
        match = _CYCLES.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise SpecError("not a number of cycles", expected="such as '4 cycles'")
        return int(match[1])

    def _parse_count(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise SpecError("not a whole number", expected="such as 4, without unit or quotes")
        return int(value)

    def _parse_ratio(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise SpecError("not a number", expected="such as 0.5, without quotes")
        return float(value)

    def _parse_flag(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise SpecError("not a flag", expected="true or false")
        return value

    def _parse_text(self, value: Any) -> str:
        if not isinstance(value, str):
            raise SpecError("not a text", expected="a quoted text")
        return value

    _PARSERS = {  # noqa: RUF012 - a constant table; slots forbid ClassVar's default
        "time": lambda _, value: parse_time_ticks(value),
        "size": lambda _, value: parse_size_bytes(value),
        "frequency": lambda _, value: parse_frequency_hz(value),
        "cycles": _parse_cycles,
        "count": _parse_count,
        "ratio": _parse_ratio,
        "flag": _parse_flag,
        "word": _parse_text,
        "text": _parse_text,
    }
    _TYPES = {  # noqa: RUF012 - see above
        "time": (int,),
        "size": (int,),
        "frequency": (int,),
        "cycles": (int,),
        "count": (int,),
        "ratio": (int, float),
        "flag": (bool,),
        "word": (str,),
        "text": (str,),
    }


def _exact_size(value: int) -> str:
    for unit, scale in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if value and value % scale == 0:
            return f"{value // scale} {unit}"
    return f"{value} B"


def _with_unit(value: int, units: tuple[tuple[str, int], ...]) -> str:
    for unit, scale in units:
        if value >= scale:
            whole, rest = divmod(value, scale)
            digits = f"{rest:0{len(str(scale)) - 1}d}".rstrip("0") if rest else ""
            return f"{whole}.{digits} {unit}" if digits else f"{whole} {unit}"
    return f"0 {units[-1][0]}"


def file_key(attribute: str) -> str:
    """Return a field's name in files: the value carries the unit there, not the name."""
    for suffix in _SUFFIXES:
        if attribute.endswith(suffix):
            return attribute.removesuffix(suffix)
    return attribute


TimeTicks = Annotated[int, Quantity("time")]
PositiveTimeTicks = Annotated[int, Quantity("time", minimum=1)]
SizeBytes = Annotated[int, Quantity("size", minimum=1)]
FrequencyHz = Annotated[int, Quantity("frequency", minimum=1)]
Cycles = Annotated[int, Quantity("cycles")]
Count = Annotated[int, Quantity("count", minimum=1)]
Ratio = Annotated[float, Quantity("ratio")]
Flag = Annotated[bool, Quantity("flag")]
Text = Annotated[str, Quantity("text")]
