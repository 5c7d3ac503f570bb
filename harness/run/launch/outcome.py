"""What came out of a launch, and result.json, its file form."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from harness import __version__
from harness.base.errors import StatsError
from harness.base.plain_data import from_plain
from harness.run.directory import RESULT_JSON
from harness.run.ending import Ending
from harness.run.launch.frozen import KIND, find_launch
from harness.run.launch.notes import Simulation  # noqa: TC001 - from_plain reads the hints

if TYPE_CHECKING:
    from pathlib import Path

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class LaunchOutcome:
    """How a launch ended.

    Attributes:
        ending: The class of its end.
        exit_cause: gem5's cause of the last exit, or ours; empty if the script told none.
        message: What went wrong, where, and what helps; empty for a success.
        status: The command's exit status, negative for a signal.
        ticks: The last simulated tick that is known of; 0 if none is.
        dumps: Complete dumps of statistics.
        stats: The files that hold them, in m5out.
        host_seconds: How long the command ran.
        cpu_seconds: Time of the CPUs that it used.
        peak_memory_bytes: The largest memory of gem5 and all that it started, as seen.
        output_bytes: Size of the files in m5out.
        gem5: gem5's version, build date and Python.
        build: What gem5 was built with.
        simulations: The processes of gem5 and their exit events.
        hashes: SHA-256 of config.ini and config.json, which hold all parameters.
        inputs: The files that config.ini names, such as guests' programs, kernels and disks: path,
            size, hash.
        started_s: When the command began, in seconds since the epoch.
        host: The machine.
        differences: For a repeated launch, what differs from the first; empty if nothing.
        repeats: The directory of the launch that this one repeats; empty if none.
    """

    ending: Ending
    exit_cause: str = ""
    message: str = ""
    status: int = 0
    ticks: int = 0
    dumps: int = 0
    stats: tuple[str, ...] = ()
    host_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    output_bytes: int = 0
    gem5: dict[str, str] = field(default_factory=dict)
    build: dict[str, Any] = field(default_factory=dict)
    simulations: tuple[Simulation, ...] = ()
    hashes: dict[str, str] = field(default_factory=dict)
    inputs: tuple[dict[str, Any], ...] = ()
    started_s: float = 0.0
    host: dict[str, Any] = field(default_factory=dict)
    differences: tuple[str, ...] = ()
    repeats: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the evidence shows a whole simulation."""
        return self.ending is Ending.SUCCESS

    def to_json(self) -> str:
        """Return result.json."""
        data = {
            "kind": KIND,
            "format_version": FORMAT_VERSION,
            "producer": f"harness {__version__}",
            "is_success": self.is_success,
            **asdict(self),
            "ending": self.ending.value,
        }
        for simulation in data["simulations"]:  # they tell what the whole does
            del simulation["gem5"], simulation["build"]
        return json.dumps(data, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str) -> LaunchOutcome:
        """Read result.json.

        Raises:
            StatsError: It is not one of a launch, or of another version.
        """
        try:
            data = json.loads(text)
            if data.pop("kind") != KIND or data.pop("format_version") != FORMAT_VERSION:
                raise StatsError("result.json has another kind or format version", where=where)
            del data["producer"], data["is_success"]
            for simulation in data["simulations"]:
                simulation.update(gem5={}, build={})
            ending = Ending(data.pop("ending"))
            outcome: LaunchOutcome = from_plain(cls, {**data, "ending": ending})
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise StatsError(f"not a launch's result.json: {error}", where=where) from error
        return outcome


def read_outcome(launch: str | Path) -> LaunchOutcome:
    """Read how a launch ended from its directory.

    Raises:
        SpecError: That is no launch's directory.
        StatsError: It left no result, or an unreadable one.
    """
    path = find_launch(launch) / RESULT_JSON
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise StatsError(
            "the launch left no result",
            where=str(path),
            way_out="it runs, or was killed: see harness status",
        ) from error
    return LaunchOutcome.from_json(text, str(path))
