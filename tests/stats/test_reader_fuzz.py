"""A damaged file gives the numbers that stand in it, or an error with the right line."""

from __future__ import annotations

import math
import random
import re

import pytest

from harness.base.errors import StatsError
from harness.stats.reader import parse_stats
from tests.stats.big_text import whole_dump
from tests.stats.slow_reader import read_line

ALPHABET = b"0123456789.-+%#|() \tex_naif\0\xc3\xff:/"


def _mutated(text: bytes, dice: random.Random) -> tuple[bytes, int]:
    """Damage one place; return the line that it is in, from 1."""
    place = dice.randrange(len(text))
    kind = dice.choice(["replace", "insert", "delete", "join", "swap"])
    new = bytes([dice.choice(ALPHABET)])
    line = text[:place].count(b"\n") + 1
    if kind == "replace":
        return text[:place] + new + text[place + 1 :], line
    if kind == "insert":
        return text[:place] + new + text[place:], line
    if kind == "join":
        place = text.find(b"\n", place)
        return text[:place] + text[place + 1 :], line
    size = dice.randrange(1, 12) if kind == "delete" else 0
    if kind == "swap":
        pair = text[place : place + 2][::-1]
        return text[:place] + pair + text[place + 2 :], line
    return text[:place] + text[place + size :], line


def _is_same(first: float, second: float) -> bool:
    return first == second or (math.isnan(first) and math.isnan(second))


def _check(damaged: bytes, line: int) -> bool:
    """Compare with the slow reader; return whether the file was refused."""
    text = damaged.decode("utf-8", "surrogateescape")
    error = ""
    dumps = []
    try:
        dumps = parse_stats(text, "s.txt")
    except StatsError as refusal:
        error = str(refusal)
    if error:
        found = re.search(r"s\.txt:(\d+):\d+", error)
        assert found, error
        # What follows a damaged frame or a joined line is refused where it is noticed.
        is_frame = "Begin" in error or "End" in error
        assert is_frame or int(found[1]) in {line, line + 1}, error
        return True
    values = [item for dump in dumps for item in dump.items()]
    wanted = [
        item
        for row in text.split("\n")
        if row.strip() and not row.startswith("-----")
        for item in read_line(row.rstrip("\r")) or [("?", math.nan)]
    ]
    names = [re.sub(r"#\d+$", "", name) for name, _ in values]
    if "?" not in [name for name, _ in wanted]:
        assert names == [name for name, _ in wanted][: len(names)]
        assert all(
            _is_same(mine[1], theirs[1]) for mine, theirs in zip(values, wanted, strict=False)
        )
    return False


@pytest.mark.parametrize(("spaces", "descriptions"), [(True, True), (True, False), (False, False)])
def test_one_damaged_place_never_gives_a_wrong_number(*, spaces: bool, descriptions: bool) -> None:
    text = whole_dump(3, spaces=spaces, descriptions=descriptions).encode()
    dice = random.Random(20)

    refused = sum(_check(*_mutated(text, dice)) for _ in range(600))

    assert refused > 60


def test_any_bytes_are_read_or_refused() -> None:
    dice = random.Random(5)
    pieces = [b"a", b"1", b".", b" ", b"\n", b"%", b"#", b"|", b"::", b"nan", b"-", b"\xff", b"\0"]
    for _ in range(3000):
        body = b"".join(dice.choice(pieces) for _ in range(dice.randrange(1, 30)))
        text = b"\n---------- Begin Simulation Statistics ----------\n" + body
        try:
            parse_stats(text.decode("utf-8", "surrogateescape"))
        except StatsError as error:
            assert re.search(r"stats\.txt:\d+:\d+", str(error))  # noqa: PT017 - each of many
