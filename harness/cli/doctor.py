"""What `harness doctor` looks at."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from harness.base.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Iterator

OK, MISSING, OPTIONAL = "ok", "MISSING", "not here"
LEAST_FREE_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    is_here: bool
    detail: str
    is_needed: bool = True

    @property
    def verdict(self) -> str:
        """One word."""
        return OK if self.is_here else MISSING if self.is_needed else OPTIONAL

    @property
    def is_fatal(self) -> bool:
        """Whether no run is possible without it."""
        return self.is_needed and not self.is_here


def diagnose() -> Iterator[Finding]:
    """Look at everything a run needs, then at what is optional."""
    yield Finding("Python", sys.version_info >= (3, 10), platform.python_version())
    for package in ("numpy", "protobuf", "pyzmq", "rich", "typer"):
        yield _package(package)
    yield _engine()
    yield _protocol()
    yield _model_process()
    yield _disk()
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    yield Finding(
        "C++ compiler", compiler is not None, compiler or "only needed to build", is_needed=False
    )
    yield _package("onnx", is_needed=False)
    yield from _gem5()


def _gem5() -> Iterator[Finding]:
    from harness.run.gem5.requirements import gem5_requirements  # noqa: PLC0415

    for each in gem5_requirements():
        yield Finding(each.what, each.is_here, each.detail, is_needed=False)


def _package(name: str, *, is_needed: bool = True) -> Finding:
    try:
        return Finding(name, is_here=True, detail=version(name), is_needed=is_needed)
    except PackageNotFoundError:
        return Finding(name, is_here=False, detail=f"pip install {name}", is_needed=is_needed)


def _engine() -> Finding:
    return _import("SoC engine", "harness.soc._engine", "build it: make install")


def _protocol() -> Finding:
    return _import("protobuf code", "harness.pb.bridge.v1.bridge_pb2", "build it: make install")


def _import(what: str, module: str, advice: str) -> Finding:
    try:
        importlib.import_module(module)
    except ImportError as error:
        return Finding(what, is_here=False, detail=f"{error}; {advice}")
    return Finding(what, is_here=True, detail=module)


def _model_process() -> Finding:
    """Start the default model's process and let it say what it is."""
    what = "accelerator model's process"
    try:
        from harness.run.model_session import hello_parameters  # noqa: PLC0415
        from harness.run.probe import describe_process  # noqa: PLC0415
        from harness.target import load_target  # noqa: PLC0415

        target = load_target()
        hello = hello_parameters(target, "kernel", 0)
        description = describe_process(target.accelerator.model, hello)
    except (HarnessError, ImportError) as error:
        return Finding(what, is_here=False, detail=str(error).splitlines()[0])
    return Finding(what, is_here=True, detail=f"{description.model} {description.version} answers")


def _disk() -> Finding:
    free_bytes = shutil.disk_usage(".").free
    is_writable = os.access(".", os.W_OK) and os.access(tempfile.gettempdir(), os.W_OK)
    detail = f"{free_bytes // 2**20} MiB free here" + ("" if is_writable else ", not writable")
    return Finding("disk", is_writable and free_bytes >= LEAST_FREE_BYTES, detail)
