"""A stats.txt as an object: an index of its dumps, any dump by number, the last one at once."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.base.errors import StatsError
from harness.stats._scan import Layout
from harness.stats.dump import Dump, DumpEntry
from harness.stats.names import NameFilter, Names
from harness.stats.scan_pass import Reading, ScanPass, look_at_head, missing_dump
from harness.stats.tail import last_complete_dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harness.stats.source import Source

TICK_NAMES = ("simTicks", "sim_ticks")
FINAL_TICK_NAMES = ("finalTick", "final_tick")


class StatsFile:
    """Any gem5's stats.txt, compressed or not.

    Nothing is read before it is asked for, and what is read is not kept: memory is that of the
    names and of the dumps that the caller holds.
    """

    def __init__(self, source: Source, *, are_columns_checked: bool = True) -> None:
        self.source = source
        self.where = source.where
        self.names = Names()
        self._reading: Reading = look_at_head(source)
        if not are_columns_checked:
            self._reading = replace(self._reading, layout=Layout.FREE)

    @cached_property
    def dumps(self) -> list[DumpEntry]:
        """Where each dump stands; found in one quick pass, without keeping any value."""
        ticks = NameFilter(TICK_NAMES + FINAL_TICK_NAMES)
        return [self._indexed(each) for each in self._scan(ticks)]

    def _indexed(self, dump: Dump) -> DumpEntry:
        tick, final_tick = (
            next((int(dump[name]) for name in names if name in dump), None)
            for names in (TICK_NAMES, FINAL_TICK_NAMES)
        )
        return replace(dump.entry, tick=tick, final_tick=final_tick)

    def __iter__(self) -> Iterator[Dump]:
        return self._scan()

    def __getitem__(self, index: int) -> Dump:
        """Read one dump whole, by its number; negative numbers count from the end."""
        return self.read_dump(index)

    def read(
        self, patterns: Iterable[str] | None = None, dumps: Sequence[int] | None = None
    ) -> Iterator[Dump]:
        """Yield dumps one after another, with the statistics whose names match only.

        Args:
            patterns: Names as for `NameFilter`; None: all.
            dumps: Numbers of the dumps, in ascending order; None: all.
        """
        wanted = None if patterns is None else NameFilter(patterns)
        if dumps is None:
            yield from self._scan(wanted)
            return
        for index in dumps:
            yield self.read_dump(index, wanted)

    def read_dump(self, index: int, wanted: NameFilter | None = None) -> Dump:
        """Read one dump by its number, the wanted names only.

        Raises:
            StatsError: There is no such dump, or a line is not gem5's.
        """
        count = len(self.dumps)
        if not -count <= index < count:
            if not count:
                raise missing_dump(self.source)
            raise StatsError(
                "no such dump", where=self.where, expected=f"0 to {count - 1}", got=str(index)
            )
        entry = self.dumps[index]
        if self.source.is_compressed:
            dump = next(each for each in self._scan(wanted) if each.entry.index == entry.index)
        else:
            dump = next(self._scan(wanted, entry))
        dump.entry = entry
        return dump

    def last(self, patterns: Iterable[str] | None = None) -> Dump:
        """Read the last complete dump, from the file's end: its cost does not grow with the file.

        Without any complete dump, the last cut one. `entry.index` may be None.

        Raises:
            StatsError: The file holds no dump, or a line of it is not gem5's.
        """
        wanted = None if patterns is None else NameFilter(patterns)
        if not self.source.is_compressed and not self._reading.is_bare:
            place = last_complete_dump(self.source)
            if place is not None:
                entry = DumpEntry(None, None, *place, is_complete=True, is_cut=False)
                for dump in self._scan(wanted, entry):
                    if dump.entry is entry:
                        return dump
        best = None
        for dump in self._scan(wanted):
            best = dump if best is None or dump.is_complete or not best.is_complete else best
        if best is None:
            raise missing_dump(self.source)
        return best

    def _scan(
        self, wanted: NameFilter | None = None, entry: DumpEntry | None = None
    ) -> Iterator[Dump]:
        """Read the whole file, or one dump of it."""
        done = 0
        while True:
            scan = ScanPass(self.source, self.names, self._reading, wanted, entry)
            for columns in scan.dumps():
                if scan.finished > done:
                    yield dump_from_columns(self.names, columns, entry, done)
                    done += 1
            if scan.better_reading is None:
                return
            self._reading = scan.better_reading


def dump_from_columns(
    names: Names, columns: dict[str, Any], entry: DumpEntry | None, index: int
) -> Dump:
    """Make a dump of what a pass found; `entry` is what it was asked for, if anything."""
    if entry is None or columns["end_offset"] != entry.end_offset:
        entry = DumpEntry(
            index,
            columns["begin_line"],
            columns["begin_offset"],
            columns["end_offset"],
            is_complete=columns["has_begin"] and columns["has_end"],
            is_cut=columns["is_cut"],
        )
    return Dump(names, columns, entry)
