"""run.json files for gem5's scripts, and gem5 runs of them."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.base.errors import HarnessError
from harness.run.gem5.locate import find_gem5
from harness.run.gem5.probe import probe_gem5
from harness.run.gem5.setup import lacks
from harness.run.spec import RunSpec
from harness.target.load import load_target

CONFIGS = Path(__file__).resolve().parents[2] / "gem5_configs"
GUEST_TESTS = Path(__file__).resolve().parent / "guest"
MIB = 1 << 20
TIMEOUT_S = 100


def gem5_obstacle(mode: str = "se") -> str:
    """Say why the gem5 of this machine cannot do our runs; empty if it can."""
    try:
        probe = probe_gem5(find_gem5())
    except HarnessError as error:
        return f"no gem5: {error.what}"
    return lacks(probe, RunSpec(workload="any", backend="gem5", simulation_mode=mode))


def run_description(target: str = "smaug", *overrides: str, **fields: Any) -> dict[str, Any]:
    """Return the content of a run.json, as far as gem5's scripts read it."""
    gem5 = {
        "mode": "se",
        "cpu": "timing",
        "threads": 1,
        "model": {"argv": ["false"], "mode": "kernel"},
        "files": {},
        "boot": "atomic",
        "memory_bytes": 512 * MIB,
    }
    return {"target": load_target(target, overrides).to_dict(), "gem5": {**gem5, **fields}}


@dataclass(frozen=True)
class Gem5Run:
    """How a run of gem5 ended and what it left."""

    status: int
    stdout: str
    stderr: str
    output: Path

    def exit(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads((self.output / "exit.json").read_text())
        return data

    def config(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads((self.output / "config.json").read_text())
        return data


def run_gem5(
    gem5: Path,
    folder: Path,
    run: dict[str, Any],
    *options: str,
    script: Path | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Gem5Run:
    """Run a description with se.py or fs.py, or with another script."""
    (folder / "run.json").write_text(json.dumps(run))
    script = script or CONFIGS / f"{run['gem5']['mode']}.py"
    output = folder / "m5out"
    argv = [str(gem5), "-d", str(output), str(script), str(folder / "run.json"), *options]
    done = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return Gem5Run(done.returncode, done.stdout, done.stderr, output)


def compile_driver_test(folder: Path) -> Path:
    """Compile the program that tries what /dev/harness promises."""
    sources = [str(GUEST_TESTS / name) for name in ("driver_test.c", "pin_test.c")]
    flags = ["-std=gnu11", "-O2", "-static", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    program = folder / "driver_test"
    command = ["gcc", *flags, "-I", str(CONFIGS / "guest" / "abi"), *sources, "-o", str(program)]
    subprocess.run(command, check=True, timeout=TIMEOUT_S)
    return program


def pinned_bytes() -> bytes:
    """Return what the program writes from pinned memory, into guest_file_20.bin."""
    return bytes((i // 4096 + i) % 256 for i in range(3 * 4096 + 100))


def compile_program(folder: Path, name: str, source: str) -> Path:
    """Compile a static C program for the guest."""
    text, program = folder / f"{name}.c", folder / name
    text.write_text(source)
    command = ["gcc", "-O2", "-static", "-pthread", str(text), "-o", str(program)]
    subprocess.run(command, check=True, timeout=TIMEOUT_S)
    return program
