"""A calibration as a TOML file: the fields, and where each value comes from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.run.calibration.formulas import Parameter
    from harness.run.calibration.measurement import Measured, Transfers

ORIGIN = "[origin]"


@dataclass(frozen=True, slots=True)
class Origin:
    """What was measured; no date, so that the same measurement gives the same bytes."""

    target: str
    mode: str
    cpu: str
    gem5_version: str
    gem5_sha256: str
    runtime_sha256: str
    workload: str


def calibration_text(
    origin: Origin,
    values: Sequence[tuple[Parameter, str | int | float]],
    measured: Measured,
    transfers: Sequence[Transfers],
) -> str:
    """Return the file's text."""
    system = "full system" if origin.mode == "fs" else "syscall emulation"
    lines = [
        f"# Costs of software on gem5's {origin.cpu} CPU in {system}, by",
        f"# `harness calibrate --cpu {origin.cpu} --mode {origin.mode} --target {origin.target}`.",
        "# Used by `harness run ... --calibration` and by grids; --set overrides single fields.",
        "[set]",
        *(f"{json.dumps(each.key)} = {json.dumps(value)}" for each, value in values),
        "",
        ORIGIN,
        *(f"{name} = {json.dumps(getattr(origin, name))}" for name in Origin.__slots__),
    ]
    for parameter, value in values:
        lines += ["", *_parameter(parameter, value, measured)]
    for each in transfers:
        lines += ["", *_transfer(each)]
    return "\n".join([*lines, ""])


def _parameter(parameter: Parameter, value: str | float, measured: Measured) -> list[str]:
    lines = [
        "[[parameter]]",
        f"key = {json.dumps(parameter.key)}",
        f"value = {json.dumps(value)}",
        f"formula = {json.dumps(parameter.text)}",
    ]
    for name in parameter.samples:
        sample = measured.sample(name)
        cycles = ", ".join(str(each) for each in sample.cycles)
        lines.append(
            f"measured.{json.dumps(name)} = {{ units = {sample.units}, cycles = [{cycles}] }}"
        )
    return lines


def _transfer(each: Transfers) -> list[str]:
    """Latency curves are for reading: ports, buses and DRAM have the same numbers on both sides."""
    return [
        "[[transfer]]",
        f"interface = {json.dumps(each.interface)}",
        f"size_bytes = {each.size_bytes}",
        f"count = {each.count}",
        f"median_ticks = {each.median_ticks}",
    ]
