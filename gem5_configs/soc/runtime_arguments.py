# SPDX-License-Identifier: BSD-3-Clause
"""Arguments of the guest's runtime: argv in syscall emulation, a file in a full system."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from types import SimpleNamespace


def runtime_arguments(run: SimpleNamespace) -> list[str]:
    """Return the arguments, without the program's name."""
    gem5, target = run.gem5, run.target
    if gem5.self_test:
        return ["--self-test"]
    return [
        *("--threads", str(gem5.threads)),
        *("--repeat", str(gem5.repeat)),
        *("--wait", gem5.wait),
        *("--submission", gem5.submission),
        *(["--memory", gem5.memory] if gem5.memory != "dma" else []),
        *("--assignment", target.assignment),
        *("--queue-depth", str(target.accelerator_queue_depth)),
        *(["--micro"] if gem5.micro else []),
    ]


def write_arguments(run: SimpleNamespace, output: Path) -> str:
    """Write the arguments, one per line, for a guest to read; return the file's path."""
    path = output / "arguments.txt"
    path.write_text("".join(f"{each}\n" for each in runtime_arguments(run)), encoding="utf-8")
    return str(path)
