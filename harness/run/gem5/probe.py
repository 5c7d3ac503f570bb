"""Asks a gem5 binary what it has: version, instruction sets, KVM, our extension."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.base.errors import BackendError
from harness.base.plain_data import from_plain
from harness.run.cache import cache_directory, file_sha256

PROBE_TIMEOUT_S = 120.0
"""A debug build on a busy machine takes some seconds to start."""
_MARK = "harness probe: "
_SCRIPT = f"""
import json
import m5
from m5.defines import buildEnv
import m5.objects
try:
    from _m5.core import gem5Version as version
except ImportError:
    version = "unknown"
print({_MARK!r} + json.dumps({{
    "version": str(version),
    "isas": sorted(k[4:-4].lower() for k, v in buildEnv.items()
                   if k.startswith("USE_") and k.endswith("_ISA") and v is True),
    "protocol": str(buildEnv.get("PROTOCOL", "")),
    "kvm_isa": str(buildEnv.get("KVM_ISA", "")) if buildEnv.get("USE_KVM") else "",
    "has_bridge": hasattr(m5.objects, "AcceleratorBridge"),
    "has_old_bridge": "files" in getattr(
        getattr(m5.objects, "AcceleratorBridge", None), "_params", ()),
    "has_pci_bridge": hasattr(m5.objects, "AcceleratorBridgePci"),
    "has_o3": hasattr(m5.objects, "X86O3CPU"),
}}), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Gem5Probe:
    """What a gem5 binary said of itself.

    Attributes:
        path: The binary.
        sha256: Its hash; our extension is linked into it.
        version: gem5's version, such as "24.0.0.1".
        isas: Instruction sets, in lower case: "x86".
        protocol: The Ruby protocol that was built in; empty for none.
        kvm_isa: The instruction set that KVM CPUs were built for; empty for none.
        has_bridge: Whether our extension is there.
        has_old_bridge: Whether it is one from before version 3 of the driver's interface.
        has_pci_bridge: Whether its PCI form is there.
        has_o3: Whether the out-of-order CPU is there.
    """

    path: str
    sha256: str
    version: str
    isas: tuple[str, ...]
    protocol: str
    kvm_isa: str
    has_bridge: bool
    has_old_bridge: bool
    has_pci_bridge: bool
    has_o3: bool


def probe_gem5(binary: Path) -> Gem5Probe:
    """Return what a gem5 binary has; asked once, and remembered while the file stays the same.

    Raises:
        BackendError: It does not start, or does not answer.
    """
    stat = binary.resolve().stat()
    identity = {"path": str(binary), "mtime_ns": stat.st_mtime_ns, "bytes": stat.st_size}
    name = hashlib.sha256(str(binary).encode()).hexdigest()[:32]
    remembered = cache_directory("gem5") / f"{name}.json"
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        data = json.loads(remembered.read_text())
        if data["identity"] == identity:
            probe: Gem5Probe = from_plain(Gem5Probe, data["probe"])
            return probe
    probe = _ask(binary)
    text = json.dumps({"identity": identity, "probe": asdict(probe)}, indent=1) + "\n"
    temporary = remembered.with_name(f".{name}.{os.getpid()}")
    with suppress(OSError):  # a cache that cannot be written costs time only
        temporary.write_text(text)
        temporary.replace(remembered)
    return probe


def _ask(binary: Path) -> Gem5Probe:
    with tempfile.TemporaryDirectory(prefix="harness-gem5-") as folder:
        script = Path(folder) / "probe.py"
        script.write_text(_SCRIPT)
        argv = [str(binary), "-d", folder, str(script)]
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PROBE_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _no_answer(binary, str(error)) from error
    for line in done.stdout.decode(errors="replace").splitlines():
        if line.startswith(_MARK):
            data = json.loads(line[len(_MARK) :])
            hashed = file_sha256(binary)
            probe: Gem5Probe = from_plain(
                Gem5Probe, {"path": str(binary), "sha256": hashed, **data}
            )
            return probe
    last = done.stderr.decode(errors="replace").strip().splitlines()[-3:]
    raise _no_answer(binary, "\n    ".join([f"exit status {done.returncode}", *last]))


def _no_answer(binary: Path, got: str) -> BackendError:
    return BackendError(
        "gem5 does not run a script that asks for its version",
        where=str(binary),
        got=got,
        way_out="run it by hand with --version; build it again if that fails",
    )
