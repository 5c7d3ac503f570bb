# ruff: noqa: TC001, TC003 - annotations are read at run time
"""A whole target: the SoC, its accelerators and how work is given to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any

from harness.base.errors import SpecError
from harness.base.units import period_ticks
from harness.target.build import build_resolved, resolved_value
from harness.target.quantities import Count, FrequencyHz, Quantity, SizeBytes, Text
from harness.target.soc import (
    AcceleratorCacheSpec,
    BusSpec,
    CacheSpec,
    CpuSpec,
    DmaSpec,
    DramSpec,
    DriverSpec,
)

INTERFACES = ("dma", "acp", "cache")
OPERAND_CLASSES = ("input", "weights", "output")
MAXIMUM_ACCELERATORS = 8
"""SMAUG's own limit (smaug/core/globals.h:25)."""

Interface = Annotated[str, Quantity("word", words=INTERFACES)]
Parameters = Annotated[dict[str, Any], "free"]
Interfaces = Annotated[dict[str, str], "interfaces"]


@dataclass(frozen=True, slots=True)
class AcceleratorSpec:
    """Identical accelerators and their memory interface.

    Attributes:
        model: Entry point, `file.py[:Class]`, `package:Class` or an executable.
        count: Number of instances, 1 to 8.
        clock_hz: Their clock.
        interface: Memory interface of every operand that `interfaces` does not name.
        parameters: What the model lets be overridden; the model checks it.
        interfaces: Interface per operand class ("input", "weights", "output").
        tlb_entries: Translations that each accelerator keeps of windows in pinned memory; 0 means
            that it has no TLB and can use none.
    """

    model: Text
    count: Annotated[int, Quantity("count", minimum=1, maximum=MAXIMUM_ACCELERATORS)]
    clock_hz: FrequencyHz
    interface: Interface
    parameters: Parameters
    interfaces: Interfaces
    tlb_entries: Annotated[int, Quantity("count")] = 0

    def interface_of(self, operand_class: str) -> str:
        """Return the interface of an operand class: "input", "weights" or "output"."""
        return self.interfaces.get(operand_class, self.interface)


@dataclass(frozen=True, slots=True)
class Target:
    """Everything about the SoC that a run needs; frozen, compared by value.

    Attributes:
        assignment: "round_robin" gives item i to accelerator i modulo their number, "dynamic" to
            the one with the fewest unfinished items.
        io_cache: The cache through which a coherent DMA joins the bus.
    """

    name: Text
    description: Text
    line_bytes: SizeBytes
    assignment: Annotated[str, Quantity("word", words=("round_robin", "dynamic"))]
    accelerator_queue_depth: Count
    cpu: CpuSpec
    l1d: CacheSpec
    l2: CacheSpec
    bus: BusSpec
    dram: DramSpec
    dma: DmaSpec
    acp: AcceleratorCacheSpec
    accelerator_cache: AcceleratorCacheSpec
    io_cache: AcceleratorCacheSpec
    accelerator: AcceleratorSpec
    driver: DriverSpec

    def __post_init__(self) -> None:
        _check_clocks(self)
        _check_line(self)
        for key in ("l1d", "l2", "acp", "accelerator_cache", "io_cache"):
            _check_cache(getattr(self, key), key, self.line_bytes)
        _check_dram(self.dram)
        _check_memory(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the resolved target as plain data; names carry the units."""
        resolved: dict[str, Any] = resolved_value(self)
        return resolved

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Target:
        """Build a target from `to_dict`'s data.

        Raises:
            SpecError: A key is unknown or missing, or a value is wrong.
        """
        return build_resolved(cls, data, "target")

    def to_json(self) -> str:
        """Write the resolved target as JSON; byte-stable."""
        return json.dumps(self.to_dict(), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Target:
        """Read `to_json`'s text."""
        try:
            data = json.loads(text)
        except ValueError as error:
            raise SpecError("the target is not JSON", got=str(error)) from error
        if not isinstance(data, dict):
            raise SpecError("the target is not a JSON object", got=type(data).__name__)
        return cls.from_dict(data)


def _check_clocks(target: Target) -> None:
    for part in fields(target):
        value = getattr(target, part.name)
        if hasattr(value, "clock_hz"):
            try:
                period_ticks(value.clock_hz)
            except SpecError as error:
                raise SpecError(
                    f"{part.name}.clock: {error.what}", got=error.got, way_out=error.way_out
                ) from error


def _check_line(target: Target) -> None:
    line = target.line_bytes
    if line & (line - 1) or not 16 <= line <= 256:
        raise SpecError(
            "line is not a valid cache line",
            expected="a power of two, 16 B to 256 B",
            got=f"{line} B",
        )


def _check_cache(cache: CacheSpec | AcceleratorCacheSpec, key: str, line_bytes: int) -> None:
    sets, rest = divmod(cache.size_bytes, cache.associativity * line_bytes)
    if rest or sets & (sets - 1) or not sets:
        raise SpecError(
            f"{key}: the number of sets is not a power of two",
            expected=f"size = sets x {cache.associativity} ways x {line_bytes} B",
            got=f"{cache.size_bytes} B",
            way_out=f"change {key}.size or {key}.associativity",
        )


def _check_dram(dram: DramSpec) -> None:
    for key in ("channels", "ranks", "banks", "bank_groups", "row_bytes", "burst_bytes"):
        value = getattr(dram, key)
        if value & (value - 1):
            raise SpecError(f"dram.{key} is not a power of two", got=str(value))
    if dram.row_bytes < dram.burst_bytes:
        raise SpecError("dram.row is smaller than dram.burst", got=f"{dram.row_bytes} B")


def _check_memory(target: Target) -> None:
    if target.driver.memory == "pinned" and not target.accelerator.tlb_entries:
        raise SpecError(
            "driver.memory is 'pinned', but the accelerators have no TLB to find its pages with",
            expected="accelerator.tlb_entries of at least 1",
            got="0",
            way_out="set accelerator.tlb_entries, or driver.memory to 'dma'",
        )
