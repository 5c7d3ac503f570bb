"""Builds the guest runtime: the static program that runs on the simulated CPU."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.errors import BackendError, SpecError
from harness.run.cache import cache_directory, file_sha256, files_sha256, locked

if TYPE_CHECKING:
    from pathlib import Path

    from harness.run.prepared import Progress

PROGRAM = "harness-runtime"
TARGET = "harness_guest_runtime"
TOOLS = ("cmake", "make", "c++", "protoc")
BUILD_TIMEOUT_S = 1800.0
_SUFFIXES = {".cc", ".hh", ".h", ".cmake", ".txt", ".proto", ".c"}
_TAIL_LINES = 12


@dataclass(frozen=True, slots=True)
class GuestRuntime:
    """The built program."""

    path: Path
    sha256: str


def missing_tools() -> list[str]:
    """Return the programs that building needs and that are not there."""
    compiler = os.environ.get("CXX", "c++")
    return [name for name in TOOLS if shutil.which(compiler if name == "c++" else name) is None]


def built_runtime(configs: Path) -> Path | None:
    """Return the built runtime of these sources, if it was built before."""
    program = _folder(configs) / PROGRAM
    return program if program.is_file() else None


def build_runtime(configs: Path, progress: Progress | None = None) -> GuestRuntime:
    """Build the runtime, or take the one that the same sources gave before.

    Raises:
        SpecError: The sources or the tools are not there.
        BackendError: It does not build.
    """
    sources = configs / "guest" / "runtime"
    if not (sources / "CMakeLists.txt").is_file():
        raise SpecError("the guest runtime's sources are not there", where=str(sources))
    folder = _folder(configs)
    waiting = "waiting for another run that builds the guest runtime"
    with locked(folder.with_suffix(".lock"), progress, waiting):
        if not (folder / PROGRAM).is_file():
            if missing := missing_tools():
                raise SpecError(
                    "the guest runtime cannot be built",
                    expected=", ".join(TOOLS),
                    got=f"no {', no '.join(missing)}",
                    way_out="install cmake, a C++ compiler, and protobuf with its static library"
                    " (Debian: cmake g++ protobuf-compiler libprotobuf-dev)",
                )
            if progress is not None:
                progress.stage("building the guest runtime (once)")
            _build(sources, folder)
    return GuestRuntime(folder / PROGRAM, file_sha256(folder / PROGRAM))


def _folder(configs: Path) -> Path:
    root = configs.parent
    folders = (configs / "guest/runtime", configs / "guest/abi", root / "harness/kernels")
    files = [
        path
        for folder in (*folders, root / "proto")
        for path in folder.rglob("*")
        if path.suffix in _SUFFIXES and path.is_file()
    ]
    compiler = shutil.which(os.environ.get("CXX", "c++")) or ""
    key = hashlib.sha256(f"{files_sha256(files, root)} {compiler}".encode()).hexdigest()
    return cache_directory("runtime") / key[:32]


def _build(sources: Path, folder: Path) -> None:
    """Build beside the place and move the program there when it is whole."""
    scratch = folder.with_suffix(".build")
    shutil.rmtree(scratch, ignore_errors=True)
    log = folder.with_suffix(".log")
    commands = (
        ["cmake", "-S", str(sources), "-B", str(scratch), "-DCMAKE_BUILD_TYPE=Release"],
        ["cmake", "--build", str(scratch), "--target", TARGET],
    )
    with log.open("wb") as output:
        for command in commands:
            _run(command, output, log)
    built = next(scratch.rglob(PROGRAM), None)
    if built is None:
        raise BackendError(f"building the guest runtime made no {PROGRAM}", where=str(log))
    folder.mkdir(exist_ok=True)
    shutil.copy2(built, folder / f".{PROGRAM}")
    (folder / f".{PROGRAM}").replace(folder / PROGRAM)
    shutil.rmtree(scratch, ignore_errors=True)


def _run(command: list[str], output: object, log: Path) -> None:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,  # type: ignore[call-overload]
            stderr=subprocess.STDOUT,
            timeout=BUILD_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackendError("the guest runtime does not build", got=str(error)) from error
    if done.returncode:
        text = log.read_text(errors="replace")
        is_static = "static protobuf is missing" in text
        raise BackendError(
            "the guest runtime does not build",
            where=str(log),
            got="\n    ".join(["", *text.splitlines()[-_TAIL_LINES:]]),
            way_out="install protobuf's static library (Debian: libprotobuf-dev)"
            if is_static
            else "",
        )
