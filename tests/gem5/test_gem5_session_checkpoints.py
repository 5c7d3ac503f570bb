"""A checkpoint inside of an inference would lack the model's state, and is refused."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.base.errors import HarnessError
from harness.run.gem5.locate import find_gem5
from harness.run.guest.build import guest_sources, kept_guest
from harness.run.pipeline import execute
from harness.run.request import RunRequest
from harness.run.spec import RunSpec
from tests.listeners import Silent

if TYPE_CHECKING:
    from harness.run.pipeline import FinishedRun

SCRIPT = Path(__file__).parent / "user_boards" / "checkpoint_between_commands.py"
TIMEOUT_S = 120
DRIVERS_REFUSAL = re.compile(r"fatal: .*no checkpoint while /dev/harness is open")
BRIDGES_REFUSAL = re.compile(r"fatal: .*a checkpoint would lack the model's state")

pytestmark = [pytest.mark.gem5, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def run(gem5: Path, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:  # noqa: ARG001
    """A whole run; its run.json is what the script below runs again."""
    spec = RunSpec(workload="lenet5", overrides=("cores=2",), backend="gem5", cpu="timing")
    finished = execute(
        RunRequest(spec, output=str(tmp_path_factory.mktemp("whole") / "run")), Silent()
    )
    assert finished.exit_code == 0, finished.result.message
    return finished


@pytest.fixture(scope="module")
def guests_run(gem5: Path, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:  # noqa: ARG001
    """The same in a full system."""
    spec = RunSpec(
        workload="workloads.micro:conv",
        overrides=("cpu.cores=2",),
        backend="gem5",
        simulation_mode="fs",
        boot="atomic",
        cpu="timing",
    )
    try:
        if kept_guest(guest_sources()) is None:
            pytest.skip("the guest is not built: harness guest build")
    except HarnessError as error:
        pytest.skip(error.what)
    finished = execute(
        RunRequest(spec, output=str(tmp_path_factory.mktemp("guest") / "run")), Silent()
    )
    assert finished.exit_code == 0, finished.result.message
    return finished


@pytest.mark.parametrize("ticks", [10**7, 46 * 10**7])
def test_a_checkpoint_inside_of_an_inference_is_refused_by_name(
    tmp_path: Path, run: FinishedRun, ticks: int
) -> None:
    check_refused(tmp_path, run, DRIVERS_REFUSAL, "--ticks-into-inference", str(ticks))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_full_systems_checkpoint_lacks_the_models_state_and_is_refused(
    tmp_path: Path, guests_run: FinishedRun
) -> None:
    options = ("--mode", "fs", "--ticks-into-inference", str(3 * 10**8))
    check_refused(tmp_path, guests_run, BRIDGES_REFUSAL, *options)


def check_refused(folder: Path, run: FinishedRun, why: re.Pattern[str], *options: str) -> None:
    argv = [str(find_gem5()), "-d", str(folder / "m5out"), str(SCRIPT), str(run.directory)]
    done = subprocess.run(
        [*argv, *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )

    assert done.returncode == 1, done.stderr[-2000:]
    assert "the checkpoint is taken" not in done.stdout
    assert why.search(done.stderr), done.stderr[-2000:]
