"""What one run's directory says, whoever made it: setting, parameters, ending, result."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from harness.base.errors import StatsError
from harness.report.results.collection import Kind, find_stats
from harness.run.directory import RESULT_JSON, RUN_JSON
from harness.run.ending import Ending
from harness.run.ending_of_run import ending_of_result
from harness.run.result import RunResult
from harness.stats.reader import open_stats

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.report.results.collection import FoundRun, Scalar

WORKLOAD = "workload"
SEED = "seed"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as reports and tables see it.

    Attributes:
        found: Where it is, and its place in a sweep.
        ending: Class of its end.
        exit_cause: Its own words for it.
        message: The error's text; empty if there was none.
        result: What `harness run` measured; None for other kinds and for lost runs.
        manifest: run.json as plain data; empty if there is none.
        launch: result.json of `harness launch` as plain data; empty for other kinds.
        dumped_ticks: Of other gem5 runs: the simulated time that the complete dumps are about, from
            the reset before the first to the end of the last; None without any.
    """

    found: FoundRun
    ending: Ending
    exit_cause: str = ""
    message: str = ""
    result: RunResult | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)
    launch: Mapping[str, Any] = field(default_factory=dict)
    dumped_ticks: int | None = None

    @property
    def name(self) -> str:
        """The run's name among those that were asked for."""
        return self.found.name

    @property
    def is_success(self) -> bool:
        """Whether its numbers may be compared with others'."""
        return self.ending is Ending.SUCCESS

    @property
    def ending_text(self) -> str:
        """The class of the end; a gem5 folder by itself does not tell one."""
        is_silent = self.found.kind is Kind.GEM5 and self.is_success
        return "not recorded" if is_silent else self.ending.value

    @property
    def latency_ticks(self) -> int | None:
        """Ticks of the reported inference, or what another gem5 run's dumps are about.

        None for runs that did not succeed or have neither.
        """
        if not self.is_success:
            return None
        if self.result is None:
            return self.dumped_ticks
        return self.result.latencies[self.result.reported] if self.result.latencies else None

    @property
    def energy_joules(self) -> float | None:
        """Energy of one inference, the mean over the run's; None if the model states none."""
        if not self.is_success or self.result is None or not self.result.energies:
            return None
        total = sum(energy.joules for energy in self.result.energies)
        return total / max(len(self.result.latencies), 1)

    @property
    def stats(self) -> Path | None:
        """The run's stats.txt, if there is one."""
        return find_stats(self.found.path)

    def setting(self) -> dict[str, Scalar]:
        """Return what distinguishes this run: the sweep's parameters, else settings and overrides.

        A failed run has them too: they come from run.json where there is no result.
        """
        if self.found.parameters:
            return {**self._workload(), **self.found.parameters}
        if self.result is not None:
            chosen = {k: v for k, v in self.result.setting.items() if k not in {"graph", "input"}}
            return {**chosen, "backend": self.result.backend, **self._overrides()}
        if self.found.kind is not Kind.RUN:
            return {"run": self.name}
        return {**self._workload(), **self._overrides()}

    def _workload(self) -> dict[str, Scalar]:
        workload = self.manifest.get("spec", {}).get(WORKLOAD, "")
        return {WORKLOAD: workload} if workload else {}

    def _overrides(self) -> dict[str, Scalar]:
        texts = self.manifest.get("spec", {}).get("overrides", [])
        return dict(text.split("=", 1) for text in texts if "=" in text)


def read_record(found: FoundRun) -> RunRecord:
    """Read a run's files.

    Raises:
        StatsError: A file is damaged; a missing one is not an error but an ending.
    """
    readers = {Kind.RUN: _read_run, Kind.LAUNCH: _read_launch, Kind.GEM5: _read_gem5}
    record = readers[found.kind](found)
    return record if found.end is None else _as_the_sweep_saw_it(record, found.end)


def _as_the_sweep_saw_it(record: RunRecord, end: Path) -> RunRecord:
    """Take the class of the end from the sweep: it also sees what a dead run cannot tell."""
    data = _read_json(end)
    try:
        ending = Ending(data["ending"])
    except (KeyError, ValueError) as error:
        raise StatsError(f"not the end of an attempt: {error}", where=str(end)) from error
    if ending is record.ending:
        return record
    cause, message = str(data.get("exit_cause", "")), str(data.get("message", ""))
    return replace(record, ending=ending, exit_cause=cause, message=message)


def _read_run(found: FoundRun) -> RunRecord:
    manifest = _read_json(found.path / RUN_JSON)
    path = found.path / RESULT_JSON
    if not path.is_file():
        return RunRecord(found, Ending.LOST, "no result", _LOST, manifest=manifest)
    text = path.read_text(encoding="utf-8", errors="replace")
    result = RunResult.from_json(text, str(path))
    return RunRecord(
        found, ending_of_result(result), result.exit_cause, result.message, result, manifest
    )


_LOST = "the run left no result: it was killed, or it is still going on"


def _read_launch(found: FoundRun) -> RunRecord:
    data = _read_json(found.path / RESULT_JSON)
    if not data:
        return RunRecord(found, Ending.LOST, "no result", _LOST)
    try:
        ending = Ending(data["ending"])
    except (KeyError, ValueError) as error:
        where = str(found.path / RESULT_JSON)
        raise StatsError(f"not a result of harness launch: {error}", where=where) from error
    cause, message = str(data.get("exit_cause", "")), str(data.get("message", ""))
    ticks = _dumped_ticks(found) if ending is Ending.SUCCESS else None
    return RunRecord(found, ending, cause, message, launch=data, dumped_ticks=ticks)


def _read_gem5(found: FoundRun) -> RunRecord:
    """Take a gem5 folder for what its statistics are: nothing else is known of its end."""
    ticks = _dumped_ticks(found)
    if ticks is None:
        return RunRecord(
            found, Ending.LOST, "", "stats.txt has no complete dump with simTicks and finalTick"
        )
    return RunRecord(found, Ending.SUCCESS, dumped_ticks=ticks)


def _dumped_ticks(found: FoundRun) -> int | None:
    stats = find_stats(found.path)
    if stats is None or not stats.stat().st_size:
        return None
    dumps = [each for each in open_stats(stats).dumps if each.is_complete]
    if not dumps:
        return None
    first, last = dumps[0], dumps[-1]
    if first.tick is None or first.final_tick is None or last.final_tick is None:
        return None
    return last.final_tick - first.final_tick + first.tick


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StatsError(f"cannot be read: {error}", where=str(path)) from error
    if not isinstance(data, dict):
        raise StatsError("not a JSON object", where=str(path))
    return data
