"""Names of statistics: the table of a file's names, and patterns that choose among them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import translate
from typing import TYPE_CHECKING

from harness.stats._scan import NameTable

if TYPE_CHECKING:
    from collections.abc import Iterable

ELEMENT = "::"
"""Between a statistic's name and its element: "system.l2.misses::cpu.data"."""

_NUMBER_ENDS = frozenset("0123456789*?]")
_REPETITION = re.compile(r"#\d+$")


def base_of(label: str) -> str:
    """Return the statistic's name without element and without repetition."""
    return _REPETITION.sub("", label.partition(ELEMENT)[0])


class NameFilter:
    """Patterns as in a shell, of which one at least must match.

    `*` matches any characters, dots and "::" too (`**` is the same), `?` one, `[ab]` one of them.
    A pattern must match the full name ("system.l2.misses::total") or the name before "::".
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = tuple(patterns)
        self._exact = frozenset(self.patterns)
        globs = [each for each in self.patterns if set(each) & set("*?[")]
        self._pattern = re.compile("|".join(map(translate, globs))) if globs else None

    @property
    def has_globs(self) -> bool:
        """Whether any pattern is more than a name."""
        return self._pattern is not None

    @property
    def can_name_cells(self) -> bool:
        """Whether a pattern may match a one-line form's element ("name::7") but not its name."""
        return any(ELEMENT in each or each[-1:] in _NUMBER_ENDS for each in self.patterns)

    def __call__(self, label: str) -> bool:
        """Tell whether a name matches."""
        if label in self._exact or self._is_match(label):
            return True
        base = base_of(label)
        return base != label and (base in self._exact or self._is_match(base))

    def _is_match(self, text: str) -> bool:
        return self._pattern is not None and self._pattern.match(text) is not None


@dataclass(frozen=True, slots=True)
class NameMeta:
    """What a name's comment says; empty if the file has none."""

    unit: str
    description: str


class Names:
    """All names of one file, by number and by label; the table grows while the file is read."""

    def __init__(self) -> None:
        self.table = NameTable()
        self._labels: list[str] = []
        self._ids: dict[str, int] = {}

    def labels(self) -> list[str]:
        """Return every label, by number."""
        known = len(self._labels)
        if known < len(self.table):
            new = self.table.labels(known)
            self._labels += new
            self._ids.update(zip(new, range(known, known + len(new)), strict=True))
        return self._labels

    def label(self, number: int) -> str:
        """Return one label."""
        return self.labels()[number]

    def number(self, label: str) -> int | None:
        """Return a label's number; None if the file has no such name so far."""
        self.labels()
        return self._ids.get(label)

    def meta(self, number: int) -> NameMeta:
        """Return a name's unit and description."""
        return NameMeta(self.table.unit(number), self.table.description(number))
