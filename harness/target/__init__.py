"""Frozen descriptions of the SoC: cores, caches, bus, DRAM, accelerator ports, driver costs.

Loaded from TOML in which every quantity carries its unit and its source. This package knows nothing
of graphs, programs or simulators; what an accelerator can do is its model's business.
"""

from harness.target.calibration import list_calibrations, read_calibration
from harness.target.load import list_targets, load_target
from harness.target.soc import (
    AcceleratorCacheSpec,
    BusSpec,
    CacheSpec,
    CpuSpec,
    DmaSpec,
    DramSpec,
    DriverSpec,
)
from harness.target.target import AcceleratorSpec, Target
from harness.target.text import format_target

__all__ = [
    "AcceleratorCacheSpec",
    "AcceleratorSpec",
    "BusSpec",
    "CacheSpec",
    "CpuSpec",
    "DmaSpec",
    "DramSpec",
    "DriverSpec",
    "Target",
    "format_target",
    "list_calibrations",
    "list_targets",
    "load_target",
    "read_calibration",
]
