"""Every error that a user can meet, as types; the command line maps them to exit codes.

`HarnessError` and its subclasses are the user's or the outside world's doing and carry what
happened, where, what was expected and got, and a way out. `InternalError` is ours.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes of the command line."""

    OK = 0
    RUN_FAILED = 1
    USER_ERROR = 2
    INTERNAL = 70
    INTERRUPTED = 130


class HarnessError(Exception):
    """A failure with one clear message; the base of all that are not our own bugs.

    Attributes:
        what: One sentence: what went wrong.
        where: The user's `file:line`, a node, a key or a path; empty if there is none.
        expected: What would have been right; empty if the sentence says it.
        got: What was found instead.
        way_out: What the user can do.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.USER_ERROR

    def __init__(
        self, what: str, *, where: str = "", expected: str = "", got: str = "", way_out: str = ""
    ) -> None:
        self.what = what
        self.where = where
        self.expected = expected
        self.got = got
        self.way_out = way_out
        super().__init__(self._text())

    def _text(self) -> str:
        details = (
            ("at", self.where),
            ("expected", self.expected),
            ("got", self.got),
            ("way out", self.way_out),
        )
        return "\n".join([self.what, *(f"  {label}: {text}" for label, text in details if text)])


class SpecError(HarnessError):
    """A target, run or sweep description is wrong."""


class GraphError(HarnessError):
    """A network graph, or the file it came from, is wrong."""


class ShapeError(GraphError):
    """Shapes of an operator's inputs do not fit together."""


class DtypeError(GraphError):
    """Data types of an operator's inputs do not fit together."""


class CompileError(HarnessError):
    """A graph cannot be compiled for this target."""


class DoesNotFitError(CompileError):
    """Not even the smallest tile fits the scratchpads."""


class StatsError(HarnessError):
    """A statistics file cannot be read or compared."""


class ValidationError(HarnessError):
    """A validation file is missing or malformed."""


class BackendError(HarnessError):
    """A simulator failed: the run has no result, what was measured until then is kept."""

    exit_code = ExitCode.RUN_FAILED


class CoherenceError(BackendError):
    """A non-coherent DMA met a cached line: a flush or an invalidation is missing."""


class TickLimitError(BackendError):
    """The simulation reached the limit of simulated time that the user set."""


class DivergenceError(BackendError):
    """A replayed or repeated run did something else than the recorded one."""


class BridgeError(HarnessError):
    """The accelerator model's end of the bridge failed."""

    exit_code = ExitCode.RUN_FAILED


class ProtocolError(BridgeError):
    """A message was malformed, oversized, unknown or out of order."""


class HandshakeError(BridgeError):
    """The two ends cannot agree on versions, capabilities or the session."""


class PeerLostError(BridgeError):
    """The model's process died, disconnected or missed its deadline."""


class ModelError(BridgeError):
    """The model itself raised; the message carries its traceback."""


class InternalError(Exception):
    """A bug in harness; please report it with the message and the run directory."""
