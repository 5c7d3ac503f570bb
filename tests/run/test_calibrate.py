"""What `harness calibrate` runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.base.errors import BackendError
from harness.run.calibration.calibrate import What, calibrate
from harness.target import list_targets, load_target

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.run.pipeline import FinishedRun
    from harness.run.request import RunRequest


class Refusing:
    """Keeps what it is asked for and does not do it."""

    def __init__(self) -> None:
        self.requests: list[RunRequest] = []

    def run(self, request: RunRequest) -> FinishedRun:
        self.requests.append(request)
        raise BackendError("no gem5 here")

    def origin(self, _: RunRequest) -> Mapping[str, str]:
        return {"gem5_version": "", "gem5_sha256": "", "runtime_sha256": ""}


@pytest.mark.parametrize("mode", ["se", "fs"])
@pytest.mark.parametrize("name", list_targets())
def test_commands_are_measured_one_after_another_on_every_target(
    name: str, mode: str, tmp_path: Path
) -> None:
    """On a target of two accelerators the formulas gave a submission of 1.5 us instead of 0.4."""
    runner = Refusing()
    with pytest.raises(BackendError):
        calibrate(What("o3", mode, name, ("l2.size=1 MiB",)), tmp_path, runner)

    spec = runner.requests[0].spec
    target = load_target(spec.target, spec.overrides)
    assert target.accelerator.count == 1
    assert target.assignment == "round_robin"
    assert not target.dma.coherent
    assert target.l2.size_bytes == 1 << 20
