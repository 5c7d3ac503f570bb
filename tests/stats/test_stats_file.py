"""Files: indices, the last dump, cut and compressed files, what stands outside of dumps."""

from __future__ import annotations

import bz2
import gzip
import lzma
from typing import TYPE_CHECKING

import pytest

from harness.base.errors import StatsError
from harness.stats.names import NameFilter
from harness.stats.reader import StatsFile, open_stats, parse_stats, read_stats
from harness.stats.source import TextSource
from tests.stats.big_text import whole_dump
from tests.stats.gem5_text import BEGIN, END

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DUMPS = [whole_dump(seed) for seed in range(5)]
TEXT = "".join(DUMPS)
WHOLE = [dump.to_dict() for dump in parse_stats(TEXT)]


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _same(first: object, second: object) -> bool:
    return repr(first) == repr(second)  # NaN equals NaN there


def test_the_index_says_where_dumps_stand(tmp_path: Path) -> None:
    stats = open_stats(_written(tmp_path / "s.txt", TEXT.encode()))
    data = TEXT.encode()

    assert len(stats.dumps) == 5
    for index, entry in enumerate(stats.dumps):
        assert entry.index == index
        assert entry.is_complete
        assert data[entry.begin_offset :].startswith(BEGIN[1:].encode())
        assert data[: entry.end_offset].endswith(END[1:].encode())
        assert data[: entry.begin_offset].count(b"\n") + 1 == entry.begin_line
        assert entry.tick == WHOLE[index]["simTicks"]
        assert entry.final_tick == WHOLE[index]["finalTick"]


@pytest.mark.parametrize("compress", [bytes, gzip.compress, lzma.compress, bz2.compress])
def test_any_dump_can_be_read_alone(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    stats = open_stats(_written(tmp_path / "stats", compress(TEXT.encode())))

    for index in (3, 0, -1, 4):
        assert _same(stats[index].to_dict(), WHOLE[index])
    assert _same(stats.last().to_dict(), WHOLE[-1])
    assert _same([dump.to_dict() for dump in stats], WHOLE)
    for index in (5, -6):
        with pytest.raises(StatsError, match="no such dump"):
            _ = stats[index]


def test_only_wanted_names_are_kept(tmp_path: Path) -> None:
    stats = open_stats(_written(tmp_path / "s.txt", TEXT.encode()))
    patterns = ["simTicks", "**.ipc", "board.ruby.delay_hist", "*.opClass::Op1"]
    expected = [{name: value for name, value in dump.items() if _is_wanted(name)} for dump in WHOLE]

    assert [dump.to_dict() for dump in stats.read(patterns)] == expected
    assert [dump.to_dict() for dump in stats.read(patterns, [1, 3])] == [expected[1], expected[3]]
    assert stats.last(patterns).to_dict() == expected[-1]
    assert len(expected[0]) == 1 + 4 + 10 + 4


def _is_wanted(name: str) -> bool:
    ends = (".ipc", "simTicks", ".opClass::Op1")
    return name.endswith(ends) or name.startswith("board.ruby.delay_hist::")


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("board.ruby.delay_hist", 10),
        ("*delay_hist", 10),
        ("*delay_hist::3", 1),
        ("*y_hist::[2-4]", 3),
        ("board.ruby.delay_his*", 10),
        ("*::1", 1),
        ("*hist?", 0),
    ],
)
def test_elements_of_one_line_forms_are_chosen_like_others(pattern: str, count: int) -> None:
    chosen = StatsFile(TextSource(DUMPS[0], "s.txt")).last([pattern]).to_dict()
    whole = {name: value for name, value in WHOLE[0].items() if NameFilter([pattern])(name)}

    assert _same(chosen, whole)
    assert sum(name.startswith("board.ruby.delay_hist::") for name in chosen) == count


def test_several_gzip_members_are_one_file(tmp_path: Path) -> None:
    parts = b"".join(gzip.compress(dump.encode()) for dump in DUMPS)

    assert len(read_stats(_written(tmp_path / "stats.txt.gz", parts))) == 5


def test_a_cut_gzip_gives_what_it_holds(tmp_path: Path) -> None:
    packed = gzip.compress(TEXT.encode())
    dumps = read_stats(_written(tmp_path / "stats.txt.gz", packed[: len(packed) * 2 // 3]))

    assert 1 < len(dumps) <= 5
    assert [dump.is_complete for dump in dumps] == [True] * (len(dumps) - 1) + [False]
    assert _same(dumps[0].to_dict(), WHOLE[0])


def test_a_damaged_gzip_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(TEXT.encode()))
    packed[len(packed) // 2] ^= 0xFF
    with pytest.raises(StatsError):
        read_stats(_written(tmp_path / "stats.txt.gz", bytes(packed)))


@pytest.mark.parametrize("end", range(len(DUMPS[0]), len(DUMPS[0]) + 700, 7))
def test_a_number_that_may_be_cut_is_never_read(end: int) -> None:
    text = TEXT[: end + 60]
    dumps = parse_stats(text)

    assert _same(dumps[0].to_dict(), WHOLE[0])
    for dump in dumps[1:]:
        assert not dump.is_complete
        assert _same(dump.to_dict(), dict(list(WHOLE[1].items())[: len(dump)]))


def test_a_cut_line_is_left_out_before_the_next_begin_too() -> None:
    first, second = parse_stats(f"{BEGIN}a 1\nb 123{BEGIN}a 2\n{END}")

    assert first.to_dict() == {"a": 1}
    assert first.entry.is_cut
    assert not first.is_complete
    assert second.to_dict() == {"a": 2}


def test_the_last_dump_is_the_last_complete_one(tmp_path: Path) -> None:
    stats = open_stats(_written(tmp_path / "s.txt", (TEXT + DUMPS[0][:5000]).encode()))

    assert _same(stats.last().to_dict(), WHOLE[-1])
    assert len(stats.dumps) == 6
    assert not stats[-1].is_complete
    only = open_stats(_written(tmp_path / "t.txt", DUMPS[0][:5000].encode()))
    assert not only.last().is_complete


def test_the_last_dump_is_found_however_large_it_is(tmp_path: Path) -> None:
    lines = "".join(f"system.counter{i:06} {i} # text\n" for i in range(60_000))
    path = _written(tmp_path / "s.txt", f"{BEGIN}a 1\n{END}{BEGIN}{lines}{END}".encode())

    assert len(open_stats(path).last()) == 60_000


def test_an_end_line_needs_no_newline() -> None:
    (dump,) = parse_stats(f"{BEGIN}a 1\n{END}".rstrip("\n"))

    assert dump.is_complete


def test_text_outside_of_dumps_is_not_read() -> None:
    (dump,) = parse_stats(f"gem5 Simulator System\na 5\n{BEGIN}a 1\n{END}Exiting @ tick 3\nb 7\n")

    assert dump.to_dict() == {"a": 1}


def test_lines_without_any_begin_are_an_incomplete_dump() -> None:
    (dump,) = parse_stats("a 1 # x\nb 2 # y\n")

    assert dump.to_dict() == {"a": 1, "b": 2}
    assert not dump.is_complete
    (dump,) = parse_stats(f"a 1 # x\n{END}")
    assert not dump.is_complete


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{BEGIN}a 1\n{END}b 1\n{END}", 8),
        (TEXT.replace("- Begin", "- Bxgin", 1), 2),
        (TEXT.replace("---------- End", "--------- End", 1), DUMPS[0].count("\n")),
        (f"{BEGIN}a 1\n{END}---------- Bagin Simulation Statistics ----------\nb 1\n", 6),
    ],
)
def test_a_damaged_frame_is_refused_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(StatsError, match=rf"s\.txt:{line}:1"):
        parse_stats(text, "s.txt")
    with pytest.raises(StatsError, match=rf"s\.txt:{line}:1"):
        _ = open_stats(_written(tmp_path / "s.txt", text.encode())).dumps


def test_errors_of_the_last_dump_count_lines_from_the_files_begin(tmp_path: Path) -> None:
    text = TEXT + f"{BEGIN}simTicks x\n{END}"
    with pytest.raises(StatsError, match=rf"s\.txt:{TEXT.count(chr(10)) + 3}:10"):
        open_stats(_written(tmp_path / "s.txt", text.encode())).last()


def test_a_lost_frame_between_the_last_two_dumps_is_noticed(tmp_path: Path) -> None:
    text = DUMPS[0] + DUMPS[1].replace(BEGIN, "\n")
    with pytest.raises(StatsError, match="Begin line is missing"):
        open_stats(_written(tmp_path / "s.txt", text.encode())).last()


@pytest.mark.parametrize("spaces", [True, False])
def test_a_character_more_or_less_in_a_padded_line_is_noticed(spaces: bool) -> None:  # noqa: FBT001
    text = whole_dump(1, spaces=spaces)
    place = text.index(str(parse_stats(text)[0]["hostMemory"]), text.index("hostMemory"))
    for damaged in (text[:place] + text[place + 1 :], text[:place] + "7" + text[place:]):
        if spaces:
            with pytest.raises(StatsError, match="columns are shifted"):
                parse_stats(damaged)
        else:
            assert len(parse_stats(damaged)[0]) == len(parse_stats(text)[0])


def test_columns_need_not_be_checked(tmp_path: Path) -> None:
    text = DUMPS[0].replace(" # what simTicks", "  # what simTicks")
    path = _written(tmp_path / "s.txt", text.encode())

    with pytest.raises(StatsError, match="columns are shifted"):
        open_stats(path).last()
    assert _same(open_stats(path, are_columns_checked=False).last().to_dict(), WHOLE[0])


def test_lines_that_somebody_set_otherwise_are_read(tmp_path: Path) -> None:
    text = DUMPS[0].replace("simTicks ", "hostSeconds 8 # x (Second)\nmine  1   # y\nsimTicks ", 1)
    dump = open_stats(_written(tmp_path / "s.txt", text.encode())).last()

    assert (dump["hostSeconds"], dump["mine"]) == (8, 1)


def test_names_that_were_lengthened_later_are_accepted() -> None:
    text = DUMPS[0].replace(".ipc ", ".totalIpc ").replace("simTicks ", "simTicksAll ")

    (dump,) = parse_stats(text)
    assert (
        dump["board.processor.cores1.core.totalIpc"] == WHOLE[0]["board.processor.cores1.core.ipc"]
    )


def test_runs_directories_stand_for_their_statistics(tmp_path: Path) -> None:
    (tmp_path / "run" / "m5out").mkdir(parents=True)
    _written(tmp_path / "run" / "m5out" / "stats.txt.gz", gzip.compress(TEXT.encode()))

    assert len(open_stats(tmp_path / "run").dumps) == 5
    _written(tmp_path / "run" / "stats.txt", DUMPS[0].encode())
    assert len(open_stats(tmp_path / "run").dumps) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "an empty file"), (b"\n\n", "an empty file"), (b"hello world\n", "no Begin line")],
)
def test_a_file_without_dumps_says_so(tmp_path: Path, content: bytes, message: str) -> None:
    path = _written(tmp_path / "stats.txt", content)
    for read in (
        read_stats,
        lambda path: open_stats(path).last(),
        lambda path: open_stats(path)[0],
    ):
        with pytest.raises(StatsError, match=message):
            read(path)


def test_what_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(StatsError, match="no such file"):
        open_stats(tmp_path / "none.txt")
    with pytest.raises(StatsError, match="holds no statistics"):
        open_stats(tmp_path)
