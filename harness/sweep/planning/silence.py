"""A listener that shows nothing: of a thousand runs nobody reads the stages."""

from __future__ import annotations


class Silence:
    """Takes what a run says of its progress."""

    def stage(self, text: str) -> None:
        """Show no stage."""

    def notice(self, text: str) -> None:
        """Show no notice."""

    def tick(self, tick: int, detail: str = "") -> None:
        """Show no time."""
