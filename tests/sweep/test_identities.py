from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.base.errors import SpecError
from harness.sweep import Stage, Sweep, command, points, product
from harness.sweep.planning.plan import make_plan

if TYPE_CHECKING:
    from pathlib import Path


def _ids(sweep: Sweep) -> list[str]:
    return [point.id for point in make_plan(sweep).points]


def _run(**values: object) -> Sweep:
    return Sweep("x", points([{"workload": "minerva", **values}]))  # type: ignore[dict-item]


def test_equal_runs_have_equal_ids_whatever_names_them() -> None:
    assert _ids(_run(coherent=True)) == _ids(_run(**{"dma.coherent": True}))
    assert _ids(_run(target="smaug")) == _ids(_run())


def test_what_cannot_change_a_result_is_not_in_the_id() -> None:
    assert _ids(_run(transport="ipc", deadline=5)) == _ids(_run())


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"input": 3},
        {"repeat": 2},
        {"threads": 2, "cores": 4},
        {"interface": "acp"},
        {"model_mode": "exact"},
        {"policy": "smaug"},
        {"max_ticks": 10**12},
        {"accelerator": "tutorial"},
    ],
)
def test_what_can_change_a_result_is_in_the_id(change: dict[str, object]) -> None:
    assert _ids(_run(**change)) != _ids(_run())


def test_a_script_of_a_workload_counts_by_what_it_builds(tmp_path: Path) -> None:
    script = tmp_path / "net.py"
    body = (
        "from harness.graph import DType, Graph, Layout, input_data, relu\n"
        "def build():\n"
        "    with Graph('net') as g:\n"
        "        x = input_data((1, {n}), name='x', dtype=DType.FP16, layout=Layout.NC)\n"
        "        relu(x)\n"
        "    return g\n"
    )
    found = []
    for text in (body.format(n=8), "# a comment\n" + body.format(n=8), body.format(n=16)):
        script.write_text(text)
        found += _ids(Sweep("x", points([{"workload": str(script)}])))
    assert found[0] == found[1] != found[2]


def test_an_extended_sweep_keeps_its_ids() -> None:
    small = _ids(Sweep("x", product(workload=["minerva"], seed=[1, 2])))
    large = _ids(Sweep("x", product(workload=["minerva"], seed=[0, 1, 2, 3])))
    assert small == large[1:3]


def test_a_command_counts_with_the_files_that_it_names(tmp_path: Path) -> None:
    script, data = tmp_path / "s.py", tmp_path / "d.bin"
    found = []
    for content, extra in (("1", "a"), ("1", "a"), ("2", "a"), ("2", "b")):
        script.write_text(content)
        data.write_text(extra)
        made = command(["python3", str(script), "{n}"], cwd=str(tmp_path), files=("*.bin",))
        found.append(_ids(Sweep("x", product(n=[1]), launch=made))[0])
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_placeholders_are_checked_before_anything_is_submitted() -> None:
    def plan(*words: str, **values: list[int]) -> None:
        make_plan(Sweep("x", product(values), launch=command(["echo", *words])))

    plan("{n:03d}", "{{}}", "{output}", n=[1])
    with pytest.raises(SpecError, match="unknown placeholder 'm'"):
        plan("{m}", n=[1])
    with pytest.raises(SpecError, match="no part of the command uses 'n'"):
        plan("x", n=[1])
    with pytest.raises(SpecError, match="there is no such program"):
        make_plan(Sweep("x", product(n=[1]), launch=command(["no-such-program", "{n}"])))


def test_points_share_a_stage_whose_command_is_the_same() -> None:
    stage = Stage("boot", command(["echo", "--cores={cores}"]))
    made = command(["echo", "{prepare.boot}", "{cores}", "{size}"])
    space = product(cores=[1, 2], size=[1, 2, 3])
    plan = make_plan(Sweep("x", space, launch=made, prepare=(stage,)))
    assert [each.parameters for each in plan.stages] == [
        {"stage": "boot", "cores": 1},
        {"stage": "boot", "cores": 2},
    ]
    assert [point.needs for point in plan.points] == [
        *[(plan.stages[0].id,)] * 3,
        *[(plan.stages[1].id,)] * 3,
    ]


def test_one_full_system_run_boots_and_the_others_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "harness.sweep.planning.identity.RunIdentities._gem5_identity", lambda *_: {"gem5": "abc"}
    )
    shared = {"backend": "gem5", "mode": "fs", "workload": "minerva"}
    plan = make_plan(Sweep("x", product(cores=[1, 2], seed=[1, 2, 3]), run=shared))
    first, second = plan.points[0].id, plan.points[3].id
    assert [point.follows for point in plan.points] == [
        (),
        (first,),
        (first,),
        (),
        (second,),
        (second,),
    ]
