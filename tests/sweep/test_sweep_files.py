from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.base.errors import HarnessError, SpecError
from harness.run.ending import Ending
from harness.sweep import Resources
from harness.sweep.description.toml_places import places_of
from harness.sweep.planning.plan import make_plan
from harness.sweep.session import read_description

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
name = "all-of-it"
where = "accelerators < 4 or interface == 'dma'"

[run]
threads = 1
dma.coherent = false

[product]
workload = ["minerva", "lenet5"]
accelerators = [1, 4]

[[zip]]
interface = ["dma", "acp"]
seed = [1, 2]

[sample]
method = "latin_hypercube"
count = 2
seed = 5
axes = { "cpu.clock" = { low = 1, high = 2, integer = true, format = "{} GHz" } }

[[points]]
workload = "cnn10"
interface = "cache"
accelerators = 1

[resources]
cores = 2
memory = "1 GiB"
time = "10 min"

[retry]
out_of_memory = { tries = 3, memory = 2 }
lost = 0

[slurm]
partition = "short"
pack = 4
"""


def _write(folder: Path, text: str, name: str = "sweep.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_description_is_read_whole(tmp_path: Path) -> None:
    sweep = read_description(_write(tmp_path, GOOD))
    # 2 workloads x 2 counts x 2 rows in step x 2 draws, less the 4-accelerator acp ones, plus one
    assert len(sweep.space) == 2 * 2 * 2 * 2 - 2 * 2 + 1
    assert sweep.run == {"threads": 1, "dma.coherent": False}
    assert sweep.resources == Resources(2, 1 << 30, 600.0)
    assert sweep.policy.rules[Ending.OUT_OF_MEMORY].tries == 3
    assert sweep.policy.rules[Ending.LOST].tries == 0
    assert sweep.slurm.pack == 4


def test_the_points_have_what_was_asked_for(tmp_path: Path) -> None:
    plan = make_plan(read_description(_write(tmp_path, GOOD)))
    last = plan.points[-1]
    assert [point.index for point in plan.points] == list(range(13))
    assert dict(last.parameters) == {"workload": "cnn10", "interface": "cache", "accelerators": 1}
    spec = last.work["spec"]
    assert spec["overrides"] == ["dma.coherent=false", "interface=cache", "accelerators=1"]
    assert spec["workload"] == "cnn10"
    assert len({point.id for point in plan.points}) == 13


@pytest.mark.parametrize(
    ("old", "new", "what", "line"),
    [
        ("[product]", "[products]", "unknown key 'products'", 8),
        ("seed = [1, 2]", "sed = [1, 2]", "unknown value 'sed'", 14),
        ("dma.coherent = false", "dma.coherrent = false", "coherrent", 6),
        ('"minerva", ', '"minerwa", ', 'no workload "minerwa"', 9),
        ('interface = ["dma", "acp"]', 'interface = ["dma", "usb"]', "usb", 13),
        ("seed = [1, 2]", "seed = [1, 2, 3]", "differ in length", 12),
        ("threads = 1", 'threads = "1"', "threads has the wrong type", 5),
        ('method = "latin_hypercube"', 'method = "sobol"', "no method 'sobol'", 17),
        ('memory = "1 GiB"', 'memory = "1 GB"', "memory is not a size", 29),
        ("cores = 2", "core = 2", "unknown key 'core'", 28),
        ("lost = 0", "lots = 0", "no class of ending 'lots'", 34),
        ("pack = 4", "pac = 4", "unknown key 'pac'", 38),
        ("accelerators < 4", "accels < 4", "names 'accels'", 2),
    ],
)
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, what: str, line: int
) -> None:
    assert old in GOOD
    path = _write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(HarnessError) as caught:
        make_plan(read_description(path))
    assert what in str(caught.value)
    assert caught.value.where.startswith(f"{path}:")
    found = int(caught.value.where.removeprefix(f"{path}:").split()[0].rstrip(")"))
    assert found == line


def test_two_names_for_one_run_are_refused(tmp_path: Path) -> None:
    text = 'name = "x"\n[product]\nworkload = "minerva"\n"dma.coherent" = [false]\n'
    text += "[[points]]\nworkload = 'minerva'\ncoherent = false\n"
    with pytest.raises(SpecError, match="two points are the same run"):
        make_plan(read_description(_write(tmp_path, text)))


def test_a_point_that_is_named_twice_is_done_once(tmp_path: Path) -> None:
    text = 'name = "x"\n[product]\nworkload = "minerva"\nseed = [1, 2, 1]\n'
    plan = make_plan(read_description(_write(tmp_path, text)))
    assert (len(plan.points), plan.repeated) == (2, 1)


def test_a_python_file_describes_a_sweep_too(tmp_path: Path) -> None:
    text = "from harness.sweep import Sweep, product\n"
    text += "def sweep():\n    return Sweep('py', product(workload=['minerva'], seed=range(3)))\n"
    sweep = read_description(_write(tmp_path, text, "dse.py"))
    assert (sweep.name, len(sweep.space)) == ("py", 3)
    with pytest.raises(SpecError, match="is no Sweep"):
        read_description(_write(tmp_path, "sweep = 3\n", "none.py"))


def test_places_see_quoted_dotted_and_inline_keys() -> None:
    text = (
        '[run]\n"dma.coherent" = 1\n[[zip]]\na . b = [1]\n[sample]\naxes = { x = [1], "y z" = 2 }\n'
    )
    assert places_of(text) == {
        "run": 1,
        "run.dma.coherent": 2,
        "zip": 3,
        "zip.a.b": 4,
        "sample": 5,
        "sample.axes": 6,
        "sample.axes.x": 6,
        "sample.axes.y z": 6,
    }
