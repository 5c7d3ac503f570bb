"""A gem5 with our extension, or the printed reason why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.run.gem5.locate import find_gem5
from tests.gem5.gem5_runs import gem5_obstacle

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def gem5() -> Path:
    """The gem5 of $GEM5 or PATH."""
    if obstacle := gem5_obstacle():
        pytest.skip(obstacle)
    return find_gem5()
