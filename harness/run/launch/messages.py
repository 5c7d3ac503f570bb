"""What gem5, its script and C++ say on their way out, found in the text that they printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.run.launch.places import OLD_STDERR, OLD_STDOUT, STDERR, STDOUT

if TYPE_CHECKING:
    from pathlib import Path

_HEAD_BYTES, _TAIL_BYTES = 64 << 10, 4 << 20
_LONGEST = 400

_SOURCE_LINE = r"^\S+\.(?:cc|hh|cpp|h):\d+: "
_STRICT_PANIC = re.compile(rf"{_SOURCE_LINE}(panic: .*)$", re.MULTILINE)
_STRICT_FATAL = re.compile(rf"{_SOURCE_LINE}(fatal: .*)$", re.MULTILINE)
"""gem5's own form, v20.1 and later. Guests print to the same streams: Go says "panic: " as well."""
_PANIC = re.compile(r"^(panic: .*)$", re.MULTILINE)
_FATAL = re.compile(
    r"^(fatal: .*|invalid debug flag .*|.*: error: no such option: .*)$", re.MULTILINE
)
_ASSERTION = re.compile(r"^(.*Assertion [`'].*' failed\.?)", re.MULTILINE)
_SEGFAULT = re.compile(r"^(gem5 has encountered a segmentation fault!)", re.MULTILINE)
_TERMINATE = re.compile(
    r"^(terminate called after throwing an instance of .*)\n(?:\s*(what\(\): .*))?", re.MULTILINE
)
_ABORTED = re.compile(r"^(Program aborted(?: at tick \d+)?)", re.MULTILINE)
_BAD_EXIT = re.compile(r"Unable to cast Python instance(?: of type <class '(\w+)'>)? to C\+\+ type")
_PLACES = re.compile(r"\n\nAt:\n((?:  .+\n?)+)")
"""pybind11's text: the exception, an empty line, "At:", and `  file(line): function`."""
_EXCEPTION_LINE = re.compile(
    r"[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Iteration|Warning|Failure|Group)(?:: |$)"
)
_LONGEST_EXCEPTION_LINES = 20
_TRACEBACK = re.compile(
    r"^Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)+(\w[\w.]*(?:: .*)?)$", re.MULTILINE
)
_NO_MEMORY = re.compile(
    r"^(.*std::bad_alloc.*|MemoryError.*|.*Could not mmap .*|.*Cannot allocate memory.*"
    r"|.*Out of memory.*)$",
    re.MULTILINE,
)
_DISK_FULL = re.compile(r"^(.*No space left on device.*|.*Disk quota exceeded.*)$", re.MULTILINE)
_GUEST_PANIC = re.compile(
    r"^(.*[Kk]ernel (?:panic|oops) in simulated (?:system|kernel).*)$", re.MULTILINE
)
_ARGPARSE = re.compile(r"^(\S+: error: .*)$", re.MULTILINE)
_EXITING = re.compile(r"^Exiting @ tick (\d+) because (.*?)\s*$", re.MULTILINE)
_GUEST_CODE = re.compile(r"Simulated exit code not 0! Exit code is (-?\d+)")
_VERSION = re.compile(r"^gem5 version (\S+)", re.MULTILINE)
_COMPILED = re.compile(r"^gem5 compiled (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PrintedExit:
    """What a script printed about the end of its simulation."""

    cause: str
    tick: int


class Messages:
    """The text of one run: standard output and error, begin and end of each.

    Args:
        stdout: What was printed.
        stderr: The other one.
    """

    def __init__(self, stdout: str, stderr: str) -> None:
        self.stdout = stdout
        self.stderr = stderr

    def strict_panic(self) -> str:
        """Return gem5's own panic, failed assertion or segmentation fault."""
        return self._first((_STRICT_PANIC, _SEGFAULT), self.stderr, self.stdout)

    def panic(self) -> str:
        """Return what looks like one, in the text of a process that failed."""
        return self.strict_panic() or self._first((_ASSERTION, _PANIC), self.stderr)

    def abort(self) -> str:
        """Return what C++ or gem5 said when the process aborted."""
        if match := _TERMINATE.search(self.stderr):
            return _short(" ".join(part for part in match.groups() if part))
        return self._first((_ABORTED,), self.stderr)

    def strict_fatal(self) -> str:
        """Return gem5's own fatal()."""
        return self._first((_STRICT_FATAL,), self.stderr, self.stdout)

    def fatal(self) -> str:
        """Return what looks like one, in the text of a process that failed."""
        return self.strict_fatal() or self._first((_FATAL,), self.stderr)

    def bad_exit(self) -> str:
        """Return the type that a script gave sys.exit() and that gem5 cannot take."""
        match = _BAD_EXIT.search(self.stderr)
        return "" if match is None else (match[1] or "another type")

    def exception(self) -> tuple[str, str]:
        """Return a script's exception and where it was raised; empty if there is none."""
        matches = list(_PLACES.finditer(self.stderr))
        if matches:
            places = [each.strip() for each in matches[-1][1].strip().splitlines()]
            own = [each for each in places if "python/m5/" not in each]
            return _exception_before(self.stderr, matches[-1].start()), (own or places)[0]
        traces = list(_TRACEBACK.finditer(self.stderr))
        return (_short(traces[-1][1]), "") if traces else ("", "")

    def refused_arguments(self) -> str:
        """Return what argparse or optparse said about the arguments."""
        return self._first((_ARGPARSE,), self.stderr)

    def no_memory(self) -> str:
        """Return what says that memory could not be had."""
        return self._first((_NO_MEMORY,), self.stderr)

    def disk_full(self) -> str:
        """Return what says that a disk is full."""
        return self._first((_DISK_FULL,), self.stderr, self.stdout)

    def guest_panic(self) -> str:
        """Return gem5's own word about a panic of the guest's kernel."""
        return self._first((_GUEST_PANIC,), self.stderr)

    def printed_exit(self) -> PrintedExit | None:
        """Return the last "Exiting @ tick ... because ..."."""
        found = _EXITING.findall(self.stdout)
        return PrintedExit(found[-1][1], int(found[-1][0])) if found else None

    def guest_code(self) -> int:
        """Return the exit code of the guest's program that gem5's example scripts print."""
        found = _GUEST_CODE.findall(self.stdout)
        return int(found[-1]) if found else 0

    def banner(self) -> dict[str, str]:
        """Return gem5's version and build date from its banner."""
        pairs = (("version", _VERSION), ("compiled", _COMPILED))
        return {name: match[1] for name, each in pairs if (match := each.search(self.stdout))}

    def last_lines(self, count: int) -> list[str]:
        """Return the last lines of standard error that say something, or else of the output."""
        for text in (self.stderr, self.stdout):
            lines = [line.rstrip() for line in text.splitlines() if line.strip()]
            if lines:
                return lines[-count:]
        return []

    @staticmethod
    def _first(patterns: tuple[re.Pattern[str], ...], *texts: str) -> str:
        for text in texts:
            for pattern in patterns:
                if match := pattern.search(text):
                    return _short(match[1])
        return ""


def read_messages(outdir: Path, chosen: tuple[str, str] = ("", "")) -> Messages:
    """Read what was printed, wherever gem5's options put it.

    Args:
        outdir: gem5's output folder.
        chosen: Names that the user gave gem5 for its standard output and error.
    """
    out = dict.fromkeys((STDOUT, OLD_STDOUT, chosen[0]))
    err = dict.fromkeys((STDERR, OLD_STDERR, chosen[1]))
    return Messages(
        "\n".join(_read(outdir / name) for name in out if name),
        "\n".join(_read(outdir / name) for name in err if name),
    )


def _read(path: Path) -> str:
    """Return a file's text; of a very large one its begin and its end."""
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            if size <= _HEAD_BYTES + _TAIL_BYTES:
                return file.read().decode(errors="replace")
            head = file.read(_HEAD_BYTES)
            file.seek(size - _TAIL_BYTES)
            return (head + b"\n" + file.read(_TAIL_BYTES)).decode(errors="replace")
    except OSError:
        return ""


def _exception_before(text: str, end: int) -> str:
    """Return the exception's lines that end at a place; what stands before is gem5's."""
    lines = text[:end].splitlines()[-_LONGEST_EXCEPTION_LINES:]
    for count in range(1, len(lines) + 1):
        if _EXCEPTION_LINE.match(lines[-count]):
            return _short("\n".join(lines[-count:]))
    return _short(lines[-1] if lines else "")


def _short(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
