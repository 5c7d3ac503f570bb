"""The verdict on a run: its class, its exit cause, and a message that says what helps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.run.ending import Ending


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run is judged.

    Attributes:
        ending: Its class.
        cause: The exit cause, as gem5 words it where it does; else in our words.
        message: What went wrong and where; empty for a success.
        way_out: What helps; empty if nothing general does.
    """

    ending: Ending
    cause: str
    message: str = ""
    way_out: str = ""
