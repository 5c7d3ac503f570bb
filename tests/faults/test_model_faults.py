from __future__ import annotations

import faulthandler
import os
from typing import TYPE_CHECKING

import pytest

from tests.faults.soak import soak, summary

if TYPE_CHECKING:
    from pathlib import Path

COUNT = int(os.environ.get("HARNESS_FAULTS", "30"))
SEED = int(os.environ.get("HARNESS_FAULTS_SEED", "1"))


@pytest.mark.slow
@pytest.mark.timeout(60 + 10 * COUNT)
def test_no_fault_of_the_model_hangs_lies_or_leaves_anything_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """HARNESS_FAULTS=200 is the long soak; HARNESS_FAULTS_SEED draws other moments."""
    faulthandler.cancel_dump_traceback_later()  # the timeout above is the one that counts
    outcomes = soak(COUNT, SEED, tmp_path)
    lines = summary(outcomes)
    if COUNT > 30:
        with capsys.disabled():
            print("\n" + "\n".join(lines))  # noqa: T201 - who asks for a soak wants to see it
    assert not any(outcome.ended.complaints for outcome in outcomes), "\n".join(lines)
    assert any(outcome.happened and outcome.ended.code == 1 for outcome in outcomes)
