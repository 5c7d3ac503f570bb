"""What a run on gem5 needs of this machine, found before anything of the run exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.errors import SpecError
from harness.run.config_scripts import find_configs
from harness.run.gem5.locate import find_gem5
from harness.run.gem5.probe import Gem5Probe, probe_gem5
from harness.run.gem5.runtime import GuestRuntime, build_runtime

if TYPE_CHECKING:
    from pathlib import Path

    from harness.run.prepared import Progress
    from harness.run.request import RunRequest
    from harness.run.spec import RunSpec

ISA = "x86"
"""The instruction set that the boards and the guest are made for."""
_REBUILD = "build gem5 with EXTRAS=.../gem5_configs/simobjects (see gem5_configs/README.md)"


@dataclass(frozen=True, slots=True)
class Gem5Setup:
    """gem5, our scripts, and the program for the simulated CPU."""

    binary: Path
    probe: Gem5Probe
    configs: Path
    runtime: GuestRuntime

    def script(self, mode: str) -> Path:
        """Return the script of a simulation mode."""
        return self.configs / f"{mode}.py"


def find_setup(request: RunRequest, progress: Progress) -> Gem5Setup:
    """Find what the run needs, and build the guest runtime if that was not done before.

    Raises:
        SpecError: Something is not there; the message says what to do.
        BackendError: gem5 does not start, or the runtime does not build.
    """
    binary = find_gem5(request.gem5.binary)
    configs = find_configs()
    progress.stage(f"asking {binary} what it has")
    probe = probe_gem5(binary)
    if lacking := lacks(probe, request.spec):
        raise SpecError(lacking, where=str(binary), got=f"gem5 {probe.version}", way_out=_REBUILD)
    return Gem5Setup(binary, probe, configs, build_runtime(configs, progress))


def lacks(probe: Gem5Probe, spec: RunSpec) -> str:
    """Say what this gem5 lacks for a run; empty if nothing."""
    if ISA not in probe.isas:
        return f"this gem5 was built without {ISA}: it has {', '.join(probe.isas) or 'none'}"
    if lacking := _lacks_of_extension(probe, spec):
        return lacking
    if spec.cpu == "o3" and not probe.has_o3:
        return "this gem5 was built without the out-of-order CPU"
    if spec.boot == "kvm" and probe.kvm_isa != ISA:
        return f"this gem5 was built without KVM for {ISA}; --boot atomic needs none"
    return ""


def _lacks_of_extension(probe: Gem5Probe, spec: RunSpec) -> str:
    if not probe.has_bridge:
        return "this gem5 was built without harness's extension (AcceleratorBridge)"
    if probe.has_old_bridge:
        return "this gem5 was built with an older extension of harness's than these scripts need"
    if spec.simulation_mode == "fs" and not probe.has_pci_bridge:
        return "this gem5's extension lacks its PCI form (AcceleratorBridgePci)"
    return ""
