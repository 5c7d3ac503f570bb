"""A second reader of stats.txt, one regular expression a line: slow, strict, and not harness's."""

from __future__ import annotations

import re

_NUMBER = r"-?(?:(?:0|[1-9]\d*)(?:\.\d+)?|nan|inf)|no_value|no value|<err: div-0>"
_SHARE = r"-?(?:(?:0|[1-9]\d*)(?:\.\d+)?|nan|inf)%"
_TAIL = r"(?:[ \t]*(?:#.*|\((?:[A-Z][A-Za-z]+|\(.*\))\)[ \t]*))?"
_SHARES = rf"(?:[ \t]+{_SHARE}(?=[ \t]|$)){{0,2}}"
_LINE = re.compile(
    rf"([^\s#|-]\S*)[ \t]+({_NUMBER})(?=[ \t]|$)({_SHARES})[ \t]*{_TAIL}",
    re.ASCII,
)
_CELL = re.compile(rf"\|[ \t]*({_NUMBER})((?:[ \t]+{_SHARE}){{0,2}})[ \t]*", re.ASCII)
_ONE_LINE = re.compile(
    rf"([^\s#|-]\S*)[ \t]*((?:\|[ \t]*(?:{_NUMBER})(?:[ \t]+{_SHARE}){{0,2}}[ \t]*)+){_TAIL}",
    re.ASCII,
)


def read_line(line: str) -> list[tuple[str, float]] | None:
    """Return names and values of a line; None if it is not gem5's."""
    match = _LINE.fullmatch(line)
    if match:
        return [(match[1], _number(match[2]))]
    match = _ONE_LINE.fullmatch(line)
    if match is None:
        return None
    cells = _CELL.findall(match[2])
    return [(f"{match[1]}::{index}", _number(text)) for index, (text, _) in enumerate(cells)]


def _number(text: str) -> float:
    if text in {"no_value", "no value", "<err: div-0>"}:
        return float("nan")
    return int(text) if text.lstrip("-").isdigit() else float(text)
