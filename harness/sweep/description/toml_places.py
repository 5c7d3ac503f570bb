"""On which line of a TOML file its keys stand; Python's reader does not tell."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_PART = r"(?:\"[^\"\n]*\"|'[^'\n]*'|[A-Za-z0-9_-]+)"
_KEY = re.compile(rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")
_INLINE = re.compile(rf"[{{,]\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")


def places_of(text: str) -> dict[str, int]:
    """Return the first line of every key, "table.key", and of every table.

    Keys of inline tables are found on the line of the key that they are the value of. Inside texts
    of many lines it may see keys that are none; they do no harm.
    """
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if (header := _HEADER.fullmatch(line)) and "=" not in line:
            table = _plain(header[1])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            name = f"{table}.{_plain(key[1])}" if table else _plain(key[1])
            lines.setdefault(name, number)
            for inner in _INLINE.finditer(line, key.end()):
                lines.setdefault(f"{name}.{_plain(inner[1])}", number)
    return lines


def _plain(key: str) -> str:
    return ".".join(part.strip("\"'") for part in re.findall(_PART, key))
