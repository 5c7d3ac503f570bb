"""The machine that a run ran on, as far as results or their speed may depend on it."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from pathlib import Path


def host_facts() -> dict[str, str | int]:
    """Return the host's name, kernel, processor, CPUs and memory."""
    system = platform.uname()
    return {
        "name": system.node,
        "kernel": f"{system.system} {system.release}",
        "architecture": system.machine,
        "processor": _field("/proc/cpuinfo", "model name") or system.machine,
        "cpus": len(os.sched_getaffinity(0)),
        "memory_bytes": _kilobytes(_field("/proc/meminfo", "MemTotal")) * 1024,
    }


def _field(path: str, name: str) -> str:
    with suppress(OSError):
        for line in Path(path).read_text(errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == name:
                return value.strip()
    return ""


def _kilobytes(text: str) -> int:
    number = text.partition(" ")[0]
    return int(number) if number.isdigit() else 0
