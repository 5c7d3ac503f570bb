"""A checkpoint inside of an inference would lack the model's state, and is refused."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.run.gem5.locate import find_gem5
from harness.run.pipeline import execute
from harness.run.request import RunRequest
from harness.run.spec import RunSpec
from tests.listeners import Silent

if TYPE_CHECKING:
    from harness.run.pipeline import FinishedRun

SCRIPT = Path(__file__).parent / "user_boards" / "checkpoint_between_commands.py"
TIMEOUT_S = 120
REFUSAL = re.compile(
    r"fatal: .*(no checkpoint while /dev/harness is open"
    r"|a checkpoint would lack the model's state)"
)
"""By the driver in syscall emulation; by the bridge in a full system."""

pytestmark = [pytest.mark.gem5, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def run(gem5: Path, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:  # noqa: ARG001
    """A whole run; its run.json is what the script below runs again."""
    spec = RunSpec(workload="lenet5", backend="gem5", cpu="timing")
    finished = execute(
        RunRequest(spec, output=str(tmp_path_factory.mktemp("whole") / "run")), Silent()
    )
    assert finished.exit_code == 0, finished.result.message
    return finished


@pytest.mark.parametrize("ticks", [10**7, 3 * 10**8, 46 * 10**7])
def test_a_checkpoint_inside_of_an_inference_is_refused_by_name(
    tmp_path: Path, run: FinishedRun, ticks: int
) -> None:
    argv = [str(find_gem5()), "-d", str(tmp_path / "m5out"), str(SCRIPT), str(run.directory)]
    done = subprocess.run(
        [*argv, "--ticks-into-inference", str(ticks)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )

    assert done.returncode == 1, done.stderr[-2000:]
    assert "the checkpoint is taken" not in done.stdout
    assert REFUSAL.search(done.stderr), done.stderr[-2000:]
