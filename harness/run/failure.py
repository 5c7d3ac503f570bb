"""A simulator's end that is no success, with the exit cause that the result gets."""

from __future__ import annotations

from harness.base.errors import BackendError


class SimulationFailedError(BackendError):
    """A simulation ended other than it should; what was measured until then is kept.

    Attributes:
        cause: The result's exit cause.
    """

    def __init__(
        self,
        cause: str,
        what: str,
        *,
        where: str = "",
        expected: str = "",
        got: str = "",
        way_out: str = "",
    ) -> None:
        self.cause = cause
        super().__init__(what, where=where, expected=expected, got=got, way_out=way_out)
