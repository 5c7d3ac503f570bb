"""A file that grows: dumps come whole, once, and in order."""

from __future__ import annotations

import gzip
import random
from typing import TYPE_CHECKING

import pytest

from harness.base.errors import StatsError
from harness.stats.follow import FollowedStats, follow
from harness.stats.reader import parse_stats
from tests.stats.big_text import whole_dump

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "".join(whole_dump(seed) for seed in range(4))
WHOLE = [repr(dump.to_dict()) for dump in parse_stats(TEXT)]


def test_dumps_come_when_their_end_was_written(tmp_path: Path) -> None:
    path = tmp_path / "stats.txt"
    followed = FollowedStats(path)
    assert list(followed.poll()) == []
    dice, written, found = random.Random(3), 0, []
    with path.open("a") as file:
        while written < len(TEXT):
            size = dice.randrange(1, 9000)
            file.write(TEXT[written : written + size])
            file.flush()
            written = min(written + size, len(TEXT))
            found += [(dump.entry.index, repr(dump.to_dict())) for dump in followed.poll()]
            assert len(found) == TEXT[:written].count("End Simulation Statistics   ----------\n")

    assert found == list(enumerate(WHOLE))


def test_only_wanted_names_are_followed(tmp_path: Path) -> None:
    (tmp_path / "stats.txt").write_text(TEXT)
    found = [dump.to_dict() for dump in FollowedStats(tmp_path / "stats.txt", ["simT*"]).poll()]

    assert [list(values) for values in found] == [["simTicks"]] * 4


def test_a_new_run_is_followed_from_its_first_dump(tmp_path: Path) -> None:
    path = tmp_path / "stats.txt"
    path.write_text(TEXT)
    followed = FollowedStats(path)
    assert len(list(followed.poll())) == 4
    path.write_text(whole_dump(9))
    (dump,) = followed.poll()

    assert dump.entry.index == 0
    assert repr(dump.to_dict()) == repr(parse_stats(whole_dump(9))[0].to_dict())


def test_what_cannot_be_followed_says_so(tmp_path: Path) -> None:
    packed = tmp_path / "stats.txt.gz"
    packed.write_bytes(gzip.compress(TEXT.encode()))
    with pytest.raises(StatsError, match="cannot be followed"):
        list(FollowedStats(packed).poll())
    broken = tmp_path / "stats.txt"
    broken.write_text(TEXT.replace("simTicks  ", "simTicks x", 1))
    with pytest.raises(StatsError, match=r"stats\.txt:4:"):
        list(FollowedStats(broken).poll())


def test_following_goes_on(tmp_path: Path) -> None:
    (tmp_path / "stats.txt").write_text(TEXT)
    dumps = follow(tmp_path / "stats.txt", interval_s=0.01)

    assert [next(dumps).entry.index for _ in range(4)] == [0, 1, 2, 3]
