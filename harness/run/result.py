"""What came out of a run, and result.json, its file form."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from harness.base.errors import StatsError
from harness.base.plain_data import from_plain
from harness.run.directory import RESULT_JSON, find_run
from harness.run.outputs import (  # noqa: TC001 - from_plain reads the hints
    Classification,
    OutputValue,
    ReferenceCheck,
)
from harness.stats.breakdown import Breakdown  # noqa: TC001 - see above
from harness.stats.phases import ROLL_UP, Phase

if TYPE_CHECKING:
    from pathlib import Path

FORMAT_VERSION = 1
FINISHED = "finished"
"""The exit cause of a run that came to its end."""

VALIDATION_NOTES = {
    "soc": (
        "embedded SoC model; accelerator cycles, tiles and, against gem5, whole inferences are"
        " checked by harness validate; costs of software are calibrated for gem5's O3 CPU"
    ),
    "gem5": (
        "gem5's CPUs, caches and DRAM around the accelerator's model; the guest's software and the"
        " operating system are executed, the device's own timing is the model's"
    ),
}
"""How far each backend has been held against outside measurements."""


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of one part, over all inferences of the run."""

    name: str
    joules: float
    description: str


@dataclass(frozen=True, slots=True)
class RunResult:
    """Everything that reports show. Ticks are picoseconds.

    Attributes:
        exit_cause: "finished", or why the run ended early.
        is_success: Finished, all dumps complete, and the outputs equal the reference's.
        message: The error's text; empty if there was none.
        setting: What ran where, for headings: workload, target, model, policy, mode, ...
        hashes: SHA-256 of graph, weights, program, target and inputs.
        versions: Versions of harness, the model and the file formats.
        final_tick: The simulated time at the end.
        exchanges: Turns taken with the model.
        latencies: Ticks of each inference, in order.
        reported: Index of the inference that `breakdown` is about.
        energies: Energy as the model states it; empty if it states none.
        operators: Names of the program's operators, by the timeline's index.
        units: Names of the model's units, by the timeline's index.
        counters: What the guest counted over the whole run; empty for the embedded SoC.
        load_ticks: Ticks from the guest's start until program and weights were loaded.
    """

    exit_cause: str
    is_success: bool
    message: str = ""
    backend: str = "soc"
    setting: dict[str, Any] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    final_tick: int = 0
    exchanges: int = 0
    latencies: tuple[int, ...] = ()
    reported: int = 0
    breakdown: Breakdown | None = None
    outputs: tuple[OutputValue, ...] = ()
    classification: Classification | None = None
    reference: ReferenceCheck | None = None
    energies: tuple[Energy, ...] = ()
    operators: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    counters: dict[str, float] = field(default_factory=dict)
    load_ticks: int = 0

    @property
    def validation(self) -> str:
        """How far the backend has been validated for this kind of run."""
        return VALIDATION_NOTES.get(self.backend, "")

    def to_json(self) -> str:
        """Return result.json; the same result gives the same bytes."""
        data = {
            "format_version": FORMAT_VERSION,
            **asdict(self),
            "validation": self.validation,
        }
        return json.dumps(data, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str) -> RunResult:
        """Read result.json.

        Raises:
            StatsError: It is not one of this version.
        """
        try:
            data = json.loads(text)
            if data.pop("format_version") != FORMAT_VERSION:
                raise StatsError("result.json has another format version", where=where)
            data.pop("validation")
            data = {"counters": {}, "load_ticks": 0, **data}  # older versions lack them
            result: RunResult = from_plain(cls, data)
            _check(result)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise StatsError(f"not a result.json: {error}", where=where) from error
        return result


def _check(result: RunResult) -> None:
    """Refuse a result whose parts contradict each other."""
    if not 0 <= result.reported < max(1, len(result.latencies)):
        raise ValueError(f"reported: there is no inference {result.reported}")
    breakdown = result.breakdown
    if breakdown is None:
        return
    if {phase.label for phase in Phase} != set(breakdown.phases):
        raise ValueError("breakdown.phases: a phase is missing or unknown")
    if set(ROLL_UP) != set(breakdown.roll_up):
        raise ValueError("breakdown.roll_up: a part is missing or unknown")
    ticks = [*breakdown.phases.values(), *breakdown.roll_up.values()]
    if min(ticks) < 0 or sum(breakdown.phases.values()) != breakdown.ticks:
        raise ValueError("breakdown: the phases do not add up to the whole")


def read_result(run: str | Path) -> RunResult:
    """Read the result of a run from its directory.

    Raises:
        SpecError: That is no run directory.
        StatsError: The run left no result, or an unreadable one.
    """
    path = find_run(run) / RESULT_JSON
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise StatsError(
            "the run left no result", where=str(path), way_out="it was killed; run it again"
        ) from error
    return RunResult.from_json(text, str(path))
