"""The two backends of `harness validate soc`, as `harness run` uses them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.bridge.load import is_program, load_model
from harness.bridge.shared_object import is_shared_object
from harness.run.cache import file_sha256, files_sha256

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.run.pipeline import FinishedRun
    from harness.run.prepared import Progress
    from harness.run.request import RunRequest

SOURCES = {".py", ".c", ".cc", ".h", ".hh", ".config", ".txt", ""}
"""Files that runs depend on: scripts, guest, extension and models."""


class RealBackends:
    """Runs points with the pipeline."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def run(self, request: RunRequest) -> FinishedRun:
        """Run a workload to its end, or as far as it gets."""
        from harness.run.pipeline import execute  # noqa: PLC0415 - not before it is needed

        return execute(request, self._progress)

    def gem5_identity(self, request: RunRequest) -> Mapping[str, str]:
        """Return hashes of gem5 and what runs on it."""
        from harness.run.gem5.setup import find_setup  # noqa: PLC0415 - builds the runtime

        setup = find_setup(request, self._progress)
        return {
            "gem5": setup.probe.sha256,
            "runtime": setup.runtime.sha256,
            "configs": folder_sha256(setup.configs),
        }

    def model_identity(self, reference: str) -> str:
        """Return a hash of a model's sources."""
        return model_sha256(reference)

    def engine_seconds(self, run: Path) -> tuple[float, ...]:
        """Return the CPU seconds of the embedded SoC's engine for each inference of a run."""
        from harness.run.engine_time import engine_seconds  # noqa: PLC0415 - as above

        return engine_seconds(run)


def model_sha256(reference: str) -> str:
    """Return the hash of a model's file, or of all sources in a Python model's folder.

    Raises:
        HandshakeError: There is no such model.
    """
    if is_program(reference) or is_shared_object(reference):
        return file_sha256(Path(reference))
    module = sys.modules[load_model(reference).__module__]
    return folder_sha256(Path(str(module.__file__)).parent)


def folder_sha256(folder: Path) -> str:
    """Return the hash of all sources in a folder."""
    files = [
        path
        for path in folder.rglob("*")
        if path.suffix in SOURCES and path.is_file() and "__pycache__" not in path.parts
    ]
    return files_sha256(files, folder)
