"""Makes the runs of a calibration as `harness run` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.run.pipeline import FinishedRun
    from harness.run.prepared import Progress
    from harness.run.request import RunRequest


class PipelineRunner:
    """Runs with the pipeline."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def run(self, request: RunRequest) -> FinishedRun:
        """Run a workload to its end, or as far as it gets."""
        from harness.run.pipeline import execute  # noqa: PLC0415 - not before it is needed

        return execute(request, self._progress)

    def origin(self, request: RunRequest) -> Mapping[str, str]:
        """Return gem5's version, its hash and the guest runtime's."""
        from harness.run.gem5.setup import find_setup  # noqa: PLC0415 - as above

        setup = find_setup(request, self._progress)
        return {
            "gem5_version": setup.probe.version,
            "gem5_sha256": setup.probe.sha256,
            "runtime_sha256": setup.runtime.sha256,
        }
