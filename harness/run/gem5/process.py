"""gem5's process as harness's own backend starts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.run.gem5.command import STDERR, STDOUT
from harness.run.supervised_process import SupervisedProcess

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Gem5Process(SupervisedProcess):
    """A running gem5; models belong to its group, and it alone is asked to end.

    Raises:
        BackendError: It cannot be started, or its output cannot be written.
    """

    def __init__(self, argv: Sequence[str], output: Path) -> None:
        super().__init__(argv, output / STDOUT, output / STDERR)
