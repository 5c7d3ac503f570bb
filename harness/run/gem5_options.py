"""What the user says about gem5 itself; none of it decides what is simulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Gem5Options:
    """Where gem5 is and what it gets besides our script.

    Attributes:
        binary: The gem5 binary; None looks at $GEM5 and on PATH.
        arguments: Options of gem5 itself, before the script.
        debug_flags: gem5's debug flags, with commas between; their lines go to a file.
        checkpoint: A checkpoint of a booted guest, in place of the cache's.
        kernel: A Linux kernel of the user's, in place of the built one.
        initramfs: An initramfs of the user's, in place of the built one.
        is_micro: After the inferences the guest measures single actions of its own.
    """

    binary: Path | None = None
    arguments: tuple[str, ...] = ()
    debug_flags: str = ""
    checkpoint: Path | None = None
    kernel: Path | None = None
    initramfs: Path | None = None
    is_micro: bool = False
