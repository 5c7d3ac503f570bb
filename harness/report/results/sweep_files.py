"""What a sweep's directory says of its points: which there are, and how the last attempt ended."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

POINTS_JSON = "points.json"
STATE = "state"
PREPARE = "prepare"
_END = re.compile(r"(.+)\.(\d+)\.end")


def planned_points(sweep: Path) -> list[Mapping[str, Any]]:
    """Return the points that a sweep plans, without its stages; nothing if it does not say.

    Raises:
        SpecError: points.json is damaged.
    """
    path = sweep / POINTS_JSON
    if not path.is_file():
        return []
    try:
        points = json.loads(path.read_text(encoding="utf-8"))["points"]
        return [each for each in points if each["kind"] != PREPARE]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpecError(f"cannot be read: {error}", where=str(path)) from error


def last_ends(sweep: Path) -> dict[str, Path]:
    """Return, by point, the file that says how its newest ended attempt ended."""
    newest: dict[str, tuple[int, Path]] = {}
    for path in (sweep / STATE).glob("*.end"):
        match = _END.fullmatch(path.name)
        if match is not None:
            point, number = match[1], int(match[2])
            if point not in newest or number > newest[point][0]:
                newest[point] = number, path
    return {point: path for point, (_, path) in newest.items()}
