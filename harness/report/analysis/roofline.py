"""Rooflines: what the target could do, and what operators and runs did, each with its source.

Model: Williams, Waterman, Patterson, CACM 52(4), 2009: attainable = min(peak, intensity x
bandwidth). Work is counted in multiply-accumulates (MAC), as in result.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.base.units import TICKS_PER_SECOND
from harness.run.directory import TIMELINE
from harness.stats.timeline import TimelineKind, read_timeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.report.results.record import RunRecord


@dataclass(frozen=True, slots=True)
class Roof:
    """A limit: MAC/s if `is_compute`, else bytes/s; `source` says from which files and fields."""

    name: str
    per_second: float
    is_compute: bool
    source: str


@dataclass(frozen=True, slots=True)
class RooflinePoint:
    """Work done: MACs, bytes moved for them, and the ticks that it took."""

    name: str
    macs: int
    moved_bytes: int
    ticks: int
    limits: tuple[Roof, ...]
    """The roofs of the run that it belongs to."""

    @property
    def intensity(self) -> float:
        """MAC per byte."""
        return self.macs / self.moved_bytes

    @property
    def macs_per_second(self) -> float:
        """MAC per second."""
        return self.macs * TICKS_PER_SECOND / self.ticks


def roofs(record: RunRecord) -> list[Roof]:
    """Return the limits that run.json states; a model that does not name its MACs has no peak."""
    target: Mapping[str, Any] = record.manifest.get("target", {})
    found = []
    parameters = record.manifest.get("model", {}).get("parameters", {})
    pes, macs = parameters.get("pe_count"), parameters.get("macs_per_pe")
    accelerator = target.get("accelerator", {})
    if isinstance(pes, int) and isinstance(macs, int) and accelerator:
        count, clock_hz = accelerator["count"], accelerator["clock_hz"]
        found.append(
            Roof(
                f"{count} accelerator{'s' if count != 1 else ''}",
                float(pes * macs * count * clock_hz),
                True,
                f"run.json: model.parameters.pe_count {pes} x macs_per_pe {macs}"
                f" x accelerator.count {count} x accelerator.clock_hz {clock_hz:.4g}",
            )
        )
    if dram := target.get("dram"):
        burst, ticks, channels = dram["burst_bytes"], dram["tBURST_ticks"], dram["channels"]
        found.append(
            Roof(
                f"DRAM {dram['name']}",
                burst * channels * TICKS_PER_SECOND / ticks,
                False,
                f"run.json: target.dram.burst_bytes {burst} / tBURST_ticks {ticks}"
                f" x channels {channels}",
            )
        )
    if bus := target.get("bus"):
        found.append(
            Roof(
                "bus",
                float(bus["width_bytes"] * bus["clock_hz"]),
                False,
                f"run.json: target.bus.width_bytes {bus['width_bytes']}"
                f" x clock_hz {bus['clock_hz']:.4g}",
            )
        )
    return found


def operator_points(record: RunRecord) -> list[RooflinePoint]:
    """Return the operators with MACs: bytes that the accelerators moved for each."""
    result = record.result
    path = record.found.path / TIMELINE
    if result is None or result.breakdown is None or not path.is_file():
        return []
    whole = result.breakdown
    timeline = read_timeline(path)
    inside = (timeline["begin"] >= whole.begin_tick) & (timeline["begin"] < whole.end_tick)
    moves = timeline[(timeline["kind"] == TimelineKind.TRANSFER) & inside]
    points = []
    limits = tuple(roofs(record))
    for each in whole.operators:
        moved = int(moves["bytes"][moves["operator"] == each.index].sum()) if each.macs else 0
        if moved and each.ticks:
            points.append(RooflinePoint(each.name, each.macs, moved, each.ticks, limits))
    return points


def run_point(record: RunRecord, name: str) -> RooflinePoint | None:
    """Return a whole inference: bytes through all accelerators' interfaces."""
    breakdown = record.result.breakdown if record.result else None
    if breakdown is None or record.latency_ticks is None:
        return None
    macs = sum(each.macs for each in breakdown.operators)
    moved = sum(sum(each.bytes_by_interface.values()) for each in breakdown.accelerators)
    if not macs or not moved or not breakdown.ticks:
        return None
    return RooflinePoint(name, macs, moved, breakdown.ticks, tuple(roofs(record)))


def attainable(intensity: float, limits: Sequence[Roof]) -> float:
    """Return the MAC/s that the limits allow at an intensity."""
    return min(
        roof.per_second if roof.is_compute else roof.per_second * intensity for roof in limits
    )
