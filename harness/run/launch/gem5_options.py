"""gem5's own command line: where its options end, and which of them matter to a launch."""

from __future__ import annotations

from dataclasses import dataclass

from harness.base.errors import SpecError

LONG_WITH_VALUE = (
    *("outdir", "stdout-file", "stderr-file", "listener-mode", "path", "stats-file"),
    *("dump-config", "json-config", "dot-config", "dot-dvfs-config"),
    *("debug-break", "debug-flags", "debug-start", "debug-end", "debug-file"),
    *("debug-activate", "debug-ignore", "remote-gdb-port"),
)
"""Source: src/python/m5/main.py of gem5 v20.0 to v25.0."""
LONG_FLAGS = (
    *("help", "build-info", "copyright", "readme", "redirect-stdout", "redirect-stderr"),
    *("silent-redirect", "allow-remote-connections", "interactive", "pdb", "quiet", "verbose"),
    *("stats-help", "debug-help", "list-sim-objects"),
)
_SHORT_WITH_VALUE = {"d": "outdir", "p": "path"}
_SHORT_FLAGS = {
    "h": "help",
    "B": "build-info",
    "C": "copyright",
    "R": "readme",
    "i": "interactive",
    "r": "redirect-stdout",
    "e": "redirect-stderr",
    "q": "quiet",
    "v": "verbose",
    "P": "",
    "s": "",
}
_ENDING = {"m": "module", "c": "command"}
"""Options that take all the rest: `-m module args`, `-c code args`."""


@dataclass(frozen=True, slots=True)
class Gem5Arguments:
    """gem5's arguments, read as gem5 reads them.

    Attributes:
        options: Long names of the options given, with their values; "" for flags.
        program: Whether a "script", a "module" or a "command" runs; empty if none is named.
        script: The script, the module's name, or the code.
        arguments: What the script gets.
        unknown: Options that no gem5 that we know has.
    """

    options: tuple[tuple[str, str], ...] = ()
    program: str = ""
    script: str = ""
    arguments: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Whether an option is given."""
        return any(each == name for each, _ in self.options)

    def value(self, name: str, default: str = "") -> str:
        """Return an option's last value."""
        return next((value for each, value in reversed(self.options) if each == name), default)


def read_arguments(words: tuple[str, ...]) -> Gem5Arguments:
    """Read gem5's arguments: options first, then the script; all after it is the script's.

    Raises:
        SpecError: An option lacks its value.
    """
    options: list[tuple[str, str]] = []
    unknown: list[str] = []
    place = 0
    while place < len(words):
        word = words[place]
        if word == "--":
            place += 1
            break
        if not word.startswith("-") or word == "-":
            break
        if word.startswith("--"):
            place += _read_long(words, place, options, unknown)
            continue
        kind, used = _read_short(words, place, options, unknown)
        if kind:
            text, rest = _ending_value(words, place)
            return Gem5Arguments(tuple(options), kind, text, rest, tuple(unknown))
        place += used
    rest = words[place:]
    if not rest:
        return Gem5Arguments(tuple(options), unknown=tuple(unknown))
    return Gem5Arguments(tuple(options), "script", rest[0], rest[1:], tuple(unknown))


def _read_long(
    words: tuple[str, ...], place: int, options: list[tuple[str, str]], unknown: list[str]
) -> int:
    """Read one long option, which may be shortened; return how many words it took."""
    name, equals, value = words[place][2:].partition("=")
    names = [each for each in (*LONG_WITH_VALUE, *LONG_FLAGS) if each.startswith(name)]
    if name in names:
        names = [name]
    if len(names) != 1:
        unknown.append(words[place])
        return 1
    if names[0] in LONG_FLAGS or equals:
        options.append((names[0], value))
        return 1
    options.append((names[0], _next_word(words, place)))
    return 2


def _read_short(
    words: tuple[str, ...], place: int, options: list[tuple[str, str]], unknown: list[str]
) -> tuple[str, int]:
    """Read a cluster of short options; return "module" or "command" if one of them ends it all."""
    for index, letter in enumerate(words[place][1:], start=2):
        if letter in _ENDING:
            return _ENDING[letter], 0
        if letter in _SHORT_WITH_VALUE:
            glued = words[place][index:]
            options.append((_SHORT_WITH_VALUE[letter], glued or _next_word(words, place)))
            return "", 1 if glued else 2
        if letter in _SHORT_FLAGS:
            options.append((_SHORT_FLAGS[letter], ""))
        else:
            unknown.append(f"-{letter}")
    return "", 1


def _ending_value(words: tuple[str, ...], place: int) -> tuple[str, tuple[str, ...]]:
    """Return the value of `-m` or `-c`, glued or not, and all that follows it."""
    cluster = words[place]
    at = min(index for index, letter in enumerate(cluster) if index and letter in _ENDING)
    if cluster[at + 1 :]:
        return cluster[at + 1 :], words[place + 1 :]
    return _next_word(words, place), words[place + 2 :]


def _next_word(words: tuple[str, ...], place: int) -> str:
    if place + 1 >= len(words):
        raise SpecError("an option of gem5 lacks its value", got=words[place])
    return words[place + 1]
