"""Tells a gem5 from other programs: by its name, by what is in it, or by what it starts."""

from __future__ import annotations

import mmap
import re
import shutil
from enum import Enum
from pathlib import Path

_NAME = re.compile(r"gem5(?:[.-]\w+)*|m5\.(?:opt|fast|debug|prof|perf)", re.IGNORECASE)
_TEXT_IN_GEM5 = b"m5_exit instruction encountered"
"""A literal of src/sim/pseudo_inst.cc, in every gem5."""
_ELF, _HASH_BANG = b"\x7fELF", b"#!"
_PASSES_ARGUMENTS = re.compile(r"\"\$@\"|\$\{?[@*]|sys\.argv|%\*")
_NAMES_GEM5 = re.compile(r"\bgem5\b|\bgem5\.\w+", re.IGNORECASE)
_LARGEST_SCRIPT_BYTES = 1 << 20


class Kind(Enum):
    """What a word of a command is."""

    GEM5 = "gem5"
    WRAPPER = "a script that starts gem5 with its own arguments"
    DEAF_WRAPPER = "a script that starts gem5 with arguments of its own choice"
    OTHER = "another program"
    NO_PROGRAM = "no program"


def find_program(word: str, cwd: str, search_path: str) -> Path | None:
    """Return the program that a word names, as a shell that stands in `cwd` finds it."""
    if "/" in word:
        path = Path(cwd, word)
        found = shutil.which(str(path))
    else:
        found = shutil.which(word, path=search_path)
        if found and not Path(found).is_absolute():
            found = str(Path(cwd, found))
    return Path(found) if found else None


def has_gem5_name(word: str) -> bool:
    """Whether a word is called as gem5's builds are: gem5.opt, gem5.fast, gem5."""
    return _NAME.fullmatch(Path(word).name) is not None


def recognise(word: str, program: Path | None) -> Kind:
    """Say what a word of a command is, given the program that it names."""
    if program is None:
        return Kind.GEM5 if has_gem5_name(word) else Kind.NO_PROGRAM
    try:
        with program.open("rb") as file:
            begin = file.read(4)
    except OSError:
        begin = b""
    if begin == _ELF:
        is_gem5 = has_gem5_name(word) or _holds(program, _TEXT_IN_GEM5)
        return Kind.GEM5 if is_gem5 else Kind.OTHER
    if has_gem5_name(word):
        return Kind.GEM5
    return _script_kind(program) if begin[:2] == _HASH_BANG else Kind.OTHER


def _script_kind(program: Path) -> Kind:
    if program.stat().st_size > _LARGEST_SCRIPT_BYTES:
        return Kind.OTHER
    text = program.read_text(errors="replace")
    if not _NAMES_GEM5.search(text):
        return Kind.OTHER
    first_line = text.partition("\n")[0]
    if _NAMES_GEM5.search(first_line):  # gem5 interprets it, and takes no options after it
        return Kind.DEAF_WRAPPER
    return Kind.WRAPPER if _PASSES_ARGUMENTS.search(text) else Kind.DEAF_WRAPPER


def _holds(path: Path, text: bytes) -> bool:
    with path.open("rb") as file:
        try:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return data.find(text) >= 0
        except (ValueError, OSError):  # an empty file, or one that cannot be mapped
            return False
