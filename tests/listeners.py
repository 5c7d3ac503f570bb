"""Listeners to a run's progress, for tests."""

from __future__ import annotations


class Silent:
    """Does not care."""

    def stage(self, text: str) -> None:
        pass

    def notice(self, text: str) -> None:
        pass

    def tick(self, tick: int, detail: str = "") -> None:
        pass


class Listener(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.details: list[str] = []

    def stage(self, text: str) -> None:
        self.stages.append(text)

    def notice(self, text: str) -> None:
        self.stages.append(text)

    def tick(self, tick: int, detail: str = "") -> None:
        self.details.append(f"{tick}: {detail}")
