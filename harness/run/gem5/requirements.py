"""What `harness doctor` says about gem5: each thing a run needs, and what to do if it lacks."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import HarnessError
from harness.run.config_scripts import find_configs
from harness.run.gem5.locate import find_gem5
from harness.run.gem5.probe import probe_gem5
from harness.run.gem5.runtime import built_runtime, missing_tools
from harness.run.gem5.setup import ISA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.run.gem5.probe import Gem5Probe

KVM_DEVICE = Path("/dev/kvm")
CPU_INFORMATION = Path("/proc/cpuinfo")
_EXTENSION = "build gem5 with EXTRAS=.../gem5_configs/simobjects"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that was looked at."""

    what: str
    is_here: bool
    detail: str


def gem5_requirements() -> Iterator[Requirement]:
    """Look at what runs on gem5 need."""
    probe = None
    try:
        binary = find_gem5()
        probe = probe_gem5(binary)
        yield Requirement("gem5", is_here=True, detail=f"{probe.version}: {binary}")
    except HarnessError as error:
        yield Requirement("gem5", is_here=False, detail=_short(error))
    if probe is not None:
        yield from _binary_requirements(probe)
    yield from _source_requirements()
    yield _guest_requirement()
    yield _disk_requirement()


def _binary_requirements(probe: Gem5Probe) -> Iterator[Requirement]:
    isas = ", ".join(probe.isas) or "none"
    has_isa = ISA in probe.isas
    yield Requirement(
        "gem5's instruction sets", has_isa, isas if has_isa else f"{isas}; build it for {ISA}"
    )
    if probe.has_old_bridge:
        old = f"older than these scripts; {_EXTENSION} again"
        yield Requirement("harness's gem5 extension", is_here=False, detail=old)
    elif probe.has_bridge:
        forms = "platform and PCI form" if probe.has_pci_bridge else f"no PCI form; {_EXTENSION}"
        yield Requirement("harness's gem5 extension", probe.has_pci_bridge, forms)
    else:
        yield Requirement("harness's gem5 extension", is_here=False, detail=_EXTENSION)
    yield _kvm(probe)


def _kvm(probe: Gem5Probe) -> Requirement:
    what = "KVM to boot Linux fast"
    reason = kvm_obstacle(probe)
    return Requirement(what, not reason, reason or str(KVM_DEVICE))


def kvm_obstacle(probe: Gem5Probe) -> str:
    """Say why KVM cannot be tried; empty if it can."""
    if probe.kvm_isa != ISA:
        return "this gem5 was built without KVM; booting works with --boot atomic"
    if not KVM_DEVICE.exists():
        return f"no {KVM_DEVICE}; booting works with --boot atomic"
    if not os.access(KVM_DEVICE, os.R_OK | os.W_OK):
        return f"{KVM_DEVICE} may not be used: join the group kvm, or use --boot atomic"
    if not has_hardware_virtualisation():
        return (
            "KVM here emulates in software (no vmx or svm in /proc/cpuinfo), slower than atomic;"
            " --boot atomic is what works"
        )
    return ""


def has_hardware_virtualisation() -> bool:
    """Tell whether this host's processors can run a guest's kernel themselves."""
    with suppress(OSError):
        for line in CPU_INFORMATION.read_text().splitlines():
            if line.startswith("flags"):
                return not {"vmx", "svm"}.isdisjoint(line.split())
    return False


def _source_requirements() -> Iterator[Requirement]:
    try:
        configs = find_configs()
    except HarnessError as error:
        yield Requirement("gem5_configs", is_here=False, detail=_short(error))
        return
    yield Requirement("gem5_configs", is_here=True, detail=str(configs))
    built = built_runtime(configs)
    missing = missing_tools()
    detail = str(built) if built else "will be built at the first run"
    if not built and missing:
        detail = f"cannot be built: no {', no '.join(missing)}"
    yield Requirement("guest runtime", bool(built) or not missing, detail)


def _guest_requirement() -> Requirement:
    from harness.run.guest.build import guest_sources, kept_guest  # noqa: PLC0415 - doctor only
    from harness.run.guest.tools import missing_tools as missing_guest_tools  # noqa: PLC0415

    what = "guest's kernel (full system)"
    try:
        images = kept_guest(guest_sources())
    except HarnessError as error:
        return Requirement(what, is_here=False, detail=_short(error))
    except OSError as error:
        return Requirement(what, is_here=False, detail=f"its sources cannot be read: {error}")
    if images is not None:
        return Requirement(what, is_here=True, detail=f"Linux {images.version}: {images.kernel}")
    missing = missing_guest_tools()
    if missing:
        packages = " ".join(dict.fromkeys(tool.debian for tool in missing))
        names = ", ".join(tool.name for tool in missing)
        return Requirement(what, is_here=False, detail=f"no {names}; on Debian install {packages}")
    return Requirement(what, is_here=True, detail="will be built at the first run")


def _disk_requirement() -> Requirement:
    from harness.run.guest.tools import missing_disk_tools  # noqa: PLC0415 - doctor only

    what = "guest's disk (full system)"
    if missing := missing_disk_tools():
        names = ", ".join(tool.name for tool in missing)
        packages = " ".join(dict.fromkeys(tool.debian for tool in missing))
        return Requirement(what, is_here=False, detail=f"no {names}; on Debian install {packages}")
    return Requirement(what, is_here=True, detail="made for each run with mke2fs and debugfs")


def _short(error: HarnessError) -> str:
    way_out = f"; {error.way_out}" if error.way_out else ""
    return f"{error.what}{way_out}"
