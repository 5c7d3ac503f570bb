"""What was submitted to Slurm, as files: which points are in which task of which job.

jobs/3.json        the submission: its packs of points, and Slurm's number once it has one
jobs/3.sh          its script
jobs/3.7.log       what Slurm and the worker of task 7 printed
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Submission:
    """One array.

    Attributes:
        number: Its number in the sweep.
        packs: For each task its points, each with the number of the attempt.
        job: Slurm's number; empty until it has one.
        is_alone: No launcher waits for it: its workers submit again what the policy allows.
    """

    number: int
    packs: tuple[tuple[tuple[str, int], ...], ...]
    job: str = ""
    is_alone: bool = False

    def elements(self) -> Iterator[tuple[str, str, int]]:
        """Yield Slurm's name of each task, a point in it, and the attempt's number."""
        for index, pack in enumerate(self.packs):
            for point, attempt in pack:
                yield f"{self.job}_{index}", point, attempt


class Submissions:
    """The folder `jobs` of a sweep."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def log(self, number: int, index: str) -> Path:
        """Return the file of what a task printed."""
        return self._folder / f"{number}.{index}.log"

    def all(self) -> list[Submission]:
        """Return all submissions in order; a torn file is none."""
        numbers = sorted(int(p.stem) for p in self._folder.glob("*.json") if p.stem.isdigit())
        found = (self.read(number) for number in numbers)
        return [each for each in found if each is not None]

    def read(self, number: int) -> Submission | None:
        """Return one submission."""
        try:
            data = json.loads((self._folder / f"{number}.json").read_text())
            packs = tuple(tuple((point, n) for point, n in pack) for pack in data["packs"])
            return Submission(number, packs, data["job"], data["is_alone"])
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def begin(
        self, packs: tuple[tuple[tuple[str, int], ...], ...], *, is_alone: bool = False
    ) -> Submission:
        """Write down a new submission, before Slurm has it."""
        numbers = [int(p.stem) for p in self._folder.glob("*.json") if p.stem.isdigit()]
        number = max(numbers, default=0) + 1
        while not self._write(Submission(number, packs, "", is_alone), is_new=True):
            number += 1
        return Submission(number, packs, "", is_alone)

    def submitted(self, submission: Submission, script: str, job: str) -> Submission:
        """Write down what Slurm got, and its number for it."""
        (self._folder / f"{submission.number}.sh").write_text(script)
        found = replace(submission, job=job)
        self._write(found, is_new=False)
        return found

    def _write(self, submission: Submission, *, is_new: bool) -> bool:
        path = self._folder / f"{submission.number}.json"
        temporary = path.with_name(f".{path.name}.{os.uname().nodename}.{os.getpid()}")
        data: dict[str, Any] = {"job": submission.job, "packs": submission.packs}
        data["is_alone"] = submission.is_alone
        temporary.write_text(json.dumps(data) + "\n")
        try:
            if is_new:
                path.hardlink_to(temporary)
            else:
                temporary.replace(path)
        except FileExistsError:
            return False
        finally:
            temporary.unlink(missing_ok=True)
        return True
