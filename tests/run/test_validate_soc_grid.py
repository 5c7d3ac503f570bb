"""A grid's lists span its points; what is misspelt is refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.base.errors import ValidationError
from harness.run.validation.soc_grid import Limits, read_grid

SHIPPED = sorted((Path(__file__).parents[2] / "gem5_configs" / "grids").glob("*.toml"))


def test_every_combination_of_the_lists_is_a_point(tmp_path: Path) -> None:
    path = tmp_path / "grid.toml"
    path.write_text(
        """
        workload = ["lenet5", "pkg.nets:tiny"]
        accelerators = [1, 4]
        threads = 2
        mode = "se"
        cpu = "o3"
        wait = "polling"
        [set]
        "dma.coherent" = [false, true]
        "driver.wakeup" = "0 ns"
        [limits]
        worst = 0.3
        """
    )
    grid = read_grid(path)

    assert grid.limits == Limits(worst=0.3)
    assert len(grid.points) == 8
    assert len({point.folder for point in grid.points}) == 8
    last = grid.points[-1]
    assert last.name == "pkg.nets:tiny accelerators=4 dma.coherent=true"
    assert last.folder == "pkg.nets,tiny,accelerators=4,dma.coherent=true"
    overrides = ("accelerators=4", "wait=polling", "dma.coherent=true", "driver.wakeup=0 ns")
    for spec in (last.spec, last.gem5):
        assert (spec.overrides, spec.threads, spec.repeat) == (overrides, 2, 2)
    assert (last.spec.backend, last.spec.cpu) == ("soc", "o3")
    assert (last.gem5.backend, last.gem5.simulation_mode, last.gem5.cpu) == ("gem5", "se", "o3")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_grids_span_18_points_each(path: Path) -> None:
    grid = read_grid(path)

    assert len(grid.points) == 18
    assert {point.spec.workload for point in grid.points} == {"minerva", "lenet5", "cnn10"}
    assert grid.limits == Limits(0.1, 0.25, 0.9, 100)
    from harness.target import load_target

    for point in grid.points:
        target = load_target(point.spec.target, point.spec.overrides)
        waits = {"fs": "interrupt", "se": "polling"}
        assert target.driver.wait == waits[point.gem5.simulation_mode]


def test_both_modes_are_shipped() -> None:
    assert {read_grid(path).points[0].gem5.simulation_mode for path in SHIPPED} == {"se", "fs"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("workload = ", "cannot read the grid"),
        ("threads = 1", "names no workload"),
        ('workload = "x"\ninterfaces = "dma"', "unknown key 'interfaces'"),
        ('workload = "x"\nthreads = []', "neither a value nor a list"),
        ('workload = "x"\nthreads = [[1]]', "neither a value nor a list"),
        ('workload = "x"\nset = 1', "no table"),
        ('workload = "x"\nthreads = "2"', '"threads" has the wrong type'),
        ('workload = "x"\nthreads = 0', "--threads is too small"),
        ('workload = "x"\nmode = "ef"', "unknown value"),
        ('workload = "x"\n[limits]\nmedian = 1', "unknown limits"),
        ('workload = "x"\n[limits]\nmean = "small"', "limits.mean is no number"),
        ('workload = ["a/b", "a,b"]', "one name"),
        (f'workload = "x"\nseed = {list(range(10001))}', "too large"),
    ],
)
def test_malformed_grids_are_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "grid.toml"
    path.write_text(text)
    with pytest.raises(ValidationError) as raised:
        read_grid(path)

    assert words in raised.value.what
    assert str(path) in raised.value.where


def test_a_missing_grid_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="cannot read"):
        read_grid(tmp_path / "none.toml")
