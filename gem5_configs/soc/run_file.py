# SPDX-License-Identifier: BSD-3-Clause
"""run.json as gem5's scripts need it, read and checked before anything is built."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_MISSING = object()


class RunFileError(Exception):
    """run.json is not usable; the text names every field that is wrong."""


class Kind:
    """What a field may be.

    Args:
        description: For messages: "a whole number".
        is_valid: Tells whether a value is of the kind.
    """

    def __init__(self, description: str, is_valid: Callable[[Any], bool]) -> None:
        self.description = description
        self.is_valid = is_valid


class Optional:
    """A field that may be left out."""

    def __init__(self, kind: Any, default: Any) -> None:
        self.kind = kind
        self.default = default


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _words(*words: str) -> Kind:
    return Kind(f"one of {', '.join(words)}", lambda value: value in words)


COUNT = Kind("a whole number, 0 or more", lambda value: _is_whole(value) and value >= 0)
POSITIVE = Kind("a whole number above 0", lambda value: _is_whole(value) and value > 0)
SECONDS = Kind("a number", lambda value: _is_whole(value) or isinstance(value, float))
TEXT = Kind("text", lambda value: isinstance(value, str))
FLAG = Kind("true or false", lambda value: isinstance(value, bool))
LIST = Kind("a list", lambda value: isinstance(value, list))
OBJECT = Kind("an object", lambda value: isinstance(value, dict))

_CACHE = {
    "size_bytes": COUNT,
    "associativity": COUNT,
    "hit_latency_cycles": COUNT,
    "mshrs": COUNT,
    "clock_hz": COUNT,
}
_ACCELERATOR_CACHE = {**_CACHE, "maximum_outstanding": COUNT}
_DRAM_COUNTS = (
    "channels",
    "ranks",
    "banks",
    "bank_groups",
    "row_bytes",
    "burst_bytes",
    "read_queue_entries",
    "write_queue_entries",
)
_DRAM_TIMES = (
    "tCK_ticks",
    "tCL_ticks",
    "tRCD_ticks",
    "tRP_ticks",
    "tRAS_ticks",
    "tBURST_ticks",
    "tWR_ticks",
    "tRTP_ticks",
    "tRRD_ticks",
    "tCCD_L_ticks",
    "tWTR_ticks",
    "tRFC_ticks",
    "tREFI_ticks",
    "frontend_latency_ticks",
    "backend_latency_ticks",
)

TARGET = {
    "name": TEXT,
    "line_bytes": COUNT,
    "assignment": TEXT,
    "accelerator_queue_depth": COUNT,
    "cpu": {"cores": COUNT, "clock_hz": COUNT, "maximum_outstanding_misses": COUNT},
    "l1d": _CACHE,
    "l2": _CACHE,
    "bus": {"clock_hz": COUNT, "width_bytes": COUNT, "latency_cycles": COUNT, "queue_depth": COUNT},
    "dram": {
        "name": TEXT,
        **dict.fromkeys(_DRAM_COUNTS, COUNT),
        **dict.fromkeys(_DRAM_TIMES, COUNT),
    },
    "dma": {
        "coherent": FLAG,
        "burst_bytes": COUNT,
        "maximum_outstanding": COUNT,
        "setup_ticks": COUNT,
    },
    "acp": _ACCELERATOR_CACHE,
    "accelerator_cache": _ACCELERATOR_CACHE,
    "io_cache": _ACCELERATOR_CACHE,
    "accelerator": {"count": COUNT, "clock_hz": COUNT, "tlb_entries": Optional(COUNT, 0)},
}
"""The fields of the target that the hardware is built from."""

GEM5 = {
    "mode": _words("se", "fs"),
    "cpu": _words("atomic", "timing", "o3"),
    "threads": COUNT,
    "arguments": Optional(LIST, []),
    "model": {
        "argv": LIST,
        "log": Optional(TEXT, ""),
        "manual": Optional(FLAG, False),
        "environment": Optional(OBJECT, {}),
        "parameters": Optional(OBJECT, {}),
        "mode": _words("kernel", "exact"),
        "seed": Optional(COUNT, 0),
        "deadline_s": Optional(SECONDS, 60.0),
        "record": Optional(TEXT, ""),
        "replay": Optional(TEXT, ""),
    },
    "files": Optional(
        dict.fromkeys(("runtime", "program", "weights", "inputs"), Optional(TEXT, "")), {}
    ),
    "guest": Optional(
        {
            **dict.fromkeys(
                ("kernel", "initramfs", "command_line", "checkpoint", "make_checkpoint", "disk"),
                Optional(TEXT, ""),
            ),
            "disk_bytes": Optional(COUNT, 0),
        },
        {},
    ),
    "boot": Optional(_words("atomic", "kvm"), "atomic"),
    "fast_forward": Optional(FLAG, True),
    "self_test": Optional(FLAG, False),
    "maximum_ticks": Optional(COUNT, 0),
    "memory_bytes": COUNT,
    "progress_ticks": Optional(POSITIVE, 10**9),
    "steps": Optional(COUNT, 0),
}
"""The "gem5" object.

`arguments` are the runtime's, but for its files; `files` are syscall emulation's, which reads them
where they lie. A full system reads `guest.disk`, of `guest.disk_bytes`; 0 bytes are no disk.
`fast_forward` loads in atomic mode, `self_test` says that the guest needs no model, `steps` is what
progress counts to.
"""


def read_run_file(path: str | Path) -> SimpleNamespace:
    """Read a run.json.

    Returns:
        `target` and `gem5` with the fields of `TARGET` and `GEM5` as attributes, `directory`, which
        relative paths are relative to, and `raw`, the file as it is.

    Raises:
        RunFileError: It cannot be read, or fields are missing or wrong; all are listed.
    """
    path = Path(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFileError(f"{path}: cannot be read: {error}") from error
    problems: list[str] = []
    run = _group({"target": TARGET, "gem5": GEM5}, data, "", problems)
    if problems:
        listed = "".join(f"\n  {each}" for each in problems)
        raise RunFileError(f"{path} is not a run that gem5 can do:{listed}")
    run.directory = path.resolve().parent
    run.raw = data
    return run


def file_of(run: SimpleNamespace, name: str) -> str:
    """Return the absolute path of a file that run.json names."""
    return str(run.directory / name) if name else ""


def require_files(run: SimpleNamespace, names: dict[str, str]) -> None:
    """Check that files exist.

    Args:
        run: Where relative paths start.
        names: Field of run.json to its value.

    Raises:
        RunFileError: Some do not; all are listed.
    """
    missing = []
    for field, name in names.items():
        if not name:
            missing.append(f"{field} is empty")
        elif not Path(file_of(run, name)).is_file():
            missing.append(f"{field}: no such file: {file_of(run, name)}")
    if missing:
        raise RunFileError("run.json: " + "; ".join(missing))


def _group(kinds: dict[str, Any], data: Any, where: str, problems: list[str]) -> SimpleNamespace:
    values = SimpleNamespace()
    if not isinstance(data, dict):
        problems.append(f"{where or 'the file'} is not an object")
        return values
    for name, kind in kinds.items():
        path = f"{where}.{name}" if where else name
        setattr(values, name, _field(kind, data.get(name, _MISSING), path, problems))
    return values


def _field(kind: Any, value: Any, path: str, problems: list[str]) -> Any:
    if isinstance(kind, Optional):
        kind, value = kind.kind, kind.default if value is _MISSING else value
    if value is _MISSING:
        problems.append(f"{path} is missing")
    elif isinstance(kind, dict):
        return _group(kind, value, path, problems)
    elif not kind.is_valid(value):
        problems.append(f"{path} is {value!r}, not {kind.description}")
    return value
