"""Attempts at points as files; the only memory of a sweep.

    state/ID.2.claim      attempt 2 at the point has begun: by which process, with what
    state/ID.2.end        how it ended
    state/ID.2.stop       somebody ends it, and why
    state/ID.2.pardon     a user wants the point tried again, whatever came until attempt 2
    state/ID.cancel       a user wants the point left alone

A file appears whole, and claims and ends only once (by a hard link that fails if the name is
taken), so of two processes that want the same attempt exactly one gets it. Nothing is ever
removed but `cancel`. An attempt whose process is gone and that has no end is lost.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from harness.base.plain_data import from_plain
from harness.run.ending import Ending
from harness.sweep.description.resources import Resources
from harness.sweep.state.process_identity import (
    ProcessIdentity,  # noqa: TC001 - from_plain reads the hints
)

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Claim:
    """Who makes an attempt, and with what.

    Attributes:
        process: The process that makes it.
        executor: "local" or "slurm".
        job: The batch system's name of the job, "1234_5"; else empty.
        restarts: How often the batch system had started that job before.
        resources: What it was given.
        begun_s: When, in seconds since the epoch.
    """

    process: ProcessIdentity
    executor: str = "local"
    job: str = ""
    restarts: int = 0
    resources: Resources = field(default_factory=Resources)
    begun_s: float = 0.0


@dataclass(frozen=True, slots=True)
class End:
    """How an attempt ended.

    Attributes:
        ending: The class.
        exit_cause: The run's own word for it.
        message: The error's text; empty if there was none.
        peak_memory_bytes: Most memory seen; 0 if unknown.
        cpu_s: Host CPU time of the run itself.
        wall_s: Host time from claim to end.
    """

    ending: Ending
    exit_cause: str = ""
    message: str = ""
    peak_memory_bytes: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt as its files tell it; a claim or an end that is missing or torn is None."""

    number: int
    claim: Claim | None = None
    end: End | None = None


@dataclass(frozen=True, slots=True)
class Pardon:
    """A user's wish to try again; what is not 0 replaces what the point declares."""

    memory_bytes: int = 0
    time_s: float = 0.0


@dataclass(frozen=True, slots=True)
class History:
    """All that was tried of one point, and what the user said of it."""

    attempts: tuple[Attempt, ...] = ()
    pardoned: int = 0
    pardon: Pardon = field(default_factory=Pardon)
    is_cancelled: bool = False


class AttemptStore:
    """The folder `state` of a sweep."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def claim(self, point: str, number: int, claim: Claim) -> bool:
        """Claim an attempt; False if somebody else has it."""
        return self._once(f"{point}.{number}.claim", asdict(claim))

    def end(self, point: str, number: int, end: End) -> bool:
        """Say how an attempt ended; False if that has been said."""
        return self._once(f"{point}.{number}.end", {**asdict(end), "ending": end.ending.value})

    def stop(self, point: str, number: int, reason: Ending) -> None:
        """Say why an attempt is about to be ended; the first to say so counts."""
        self._once(f"{point}.{number}.stop", {"reason": reason.value})

    def stop_reason(self, point: str, number: int) -> Ending | None:
        """Return why an attempt is ended from outside; None if nobody said."""
        data = self._read(f"{point}.{number}.stop")
        try:
            return None if data is None else Ending(data["reason"])
        except (ValueError, KeyError):
            return None

    def pardon(self, point: str, number: int, pardon: Pardon) -> None:
        """Let the point be tried again, whatever came until an attempt; a later one counts more."""
        self._write(self._folder / f"{point}.{number}.pardon", asdict(pardon))

    def cancel(self, point: str) -> None:
        """Leave the point alone from now on."""
        self._once(f"{point}.cancel", {})

    def resume(self, point: str) -> None:
        """Undo `cancel`."""
        (self._folder / f"{point}.cancel").unlink(missing_ok=True)

    def is_cancelled(self, point: str) -> bool:
        """Whether the user wants the point left alone."""
        return (self._folder / f"{point}.cancel").exists()

    def names(self) -> set[str]:
        """Return the names of all files; a change means news."""
        with os.scandir(self._folder) as entries:
            return {entry.name for entry in entries if not entry.name.startswith(".")}

    def unended(self) -> list[tuple[str, int]]:
        """Return the newest attempts that have begun and have no end, as points and numbers."""
        names = self.names()
        found = []
        for name in names:
            point, _, rest = name.partition(".")
            number, _, kind = rest.partition(".")
            if kind == "claim":
                later = {f"{point}.{number}.end", f"{point}.{int(number) + 1}.claim"}
                found += [] if later & names else [(point, int(number))]
        return sorted(found)

    def histories(self) -> dict[str, History]:
        """Return the histories of all points that have one."""
        names: dict[str, list[str]] = {}
        with suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            for entry in entries:
                if not entry.name.startswith("."):
                    names.setdefault(entry.name.partition(".")[0], []).append(entry.name)
        return {point: self._history(point, found) for point, found in names.items()}

    def history(self, point: str) -> History:
        """Return the history of one point; attempts are numbered without gaps."""
        names = []
        number = 1
        while (self._folder / f"{point}.{number}.claim").exists():
            names += [f"{point}.{number}.{kind}" for kind in ("claim", "end", "pardon")]
            number += 1
        names.append(f"{point}.0.pardon")
        found = [name for name in names if (self._folder / name).exists()]
        return self._history(point, [*found, *([f"{point}.cancel"] * self.is_cancelled(point))])

    def read_end(self, point: str, number: int) -> End | None:
        """Return how an attempt ended; None if it has not, or its file is torn."""
        data = self._read(f"{point}.{number}.end")
        if data is None:
            return None
        try:
            return End(**{**data, "ending": Ending(data["ending"])})
        except (TypeError, ValueError, KeyError):
            return None

    def read_claim(self, point: str, number: int) -> Claim | None:
        """Return who makes an attempt; None if nobody does, or the file is torn."""
        data = self._read(f"{point}.{number}.claim")
        try:
            found: Claim | None = None if data is None else from_plain(Claim, data)
        except TypeError:
            return None
        return found

    def _history(self, point: str, names: list[str]) -> History:
        numbers: dict[str, list[int]] = {"claim": [], "end": [], "pardon": []}
        is_cancelled = False
        for name in names:
            parts = name.split(".")
            if parts[1:] == ["cancel"]:
                is_cancelled = True
            elif len(parts) == 3 and parts[2] in numbers:
                numbers[parts[2]].append(int(parts[1]))
        ended = set(numbers["end"])
        attempts = tuple(
            self._attempt(point, number, has_end=number in ended)
            for number in sorted(numbers["claim"])
        )
        pardoned = max(numbers["pardon"], default=-1)
        pardon = self._pardon(point, pardoned) if pardoned >= 0 else Pardon()
        return History(attempts, max(pardoned, 0), pardon, is_cancelled)

    def _attempt(self, point: str, number: int, *, has_end: bool) -> Attempt:
        end = self.read_end(point, number) if has_end else None
        claim = None if end is not None else self.read_claim(point, number)
        return Attempt(number, claim, end)

    def _pardon(self, point: str, number: int) -> Pardon:
        try:
            found: Pardon = from_plain(Pardon, self._read(f"{point}.{number}.pardon"))
        except TypeError:
            return Pardon()
        return found

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            data = json.loads((self._folder / name).read_bytes())
        except (OSError, ValueError):
            return None
        return data if isinstance(data, dict) else None

    def _once(self, name: str, data: dict[str, Any]) -> bool:
        """Write a file unless it is there; tell whether it was this call that wrote it."""
        path = self._folder / name
        temporary = self._temporary(path, data)
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            return False
        finally:
            temporary.unlink(missing_ok=True)
        return True

    def _write(self, path: Path, data: dict[str, Any]) -> None:
        self._temporary(path, data).replace(path)

    def _temporary(self, path: Path, data: dict[str, Any]) -> Path:
        temporary = path.with_name(f".{path.name}.{os.uname().nodename}.{os.getpid()}")
        temporary.write_text(json.dumps(data) + "\n")
        return temporary
