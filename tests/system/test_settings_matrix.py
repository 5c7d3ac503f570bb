"""One network, many settings: the same bytes everywhere, the same ticks however it is reached."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.graph import export_onnx

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = {
    "interface": ("dma", "coherent dma", "acp", "cache"),
    "accelerators": (1, 2, 3, 4, 8),
    "threads": (1, 2, 4, 8),
    "assignment": ("round_robin", "dynamic"),
    "wait": ("interrupt", "polling"),
    "memory": ("dma", "pinned"),
    "mode": ("kernel", "exact"),
    "model": ("python", "shared object"),
    "double_buffer": ("false", "true"),
}


def pairwise(settings: dict[str, tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Return few rows in which every two values of two settings meet at least once."""
    pairs = {
        ((first, one), (second, other))
        for first, second in combinations(settings, 2)
        for one in settings[first]
        for other in settings[second]
    }
    rows: list[dict[str, Any]] = []
    while pairs:
        row = dict(min(pairs, key=repr))
        for name, values in settings.items():
            if name not in row:
                row[name] = max(values, key=lambda value: _gain({**row, name: value}, pairs))
        rows.append({name: row[name] for name in settings})
        pairs -= set(combinations(rows[-1].items(), 2))
    return rows


def _gain(row: dict[str, Any], pairs: set[Any]) -> int:
    ordered = [(name, row[name]) for name in SETTINGS if name in row]
    return sum(pair in pairs for pair in combinations(ordered, 2))


def sets_of(row: dict[str, Any]) -> list[str]:
    """Return the overrides of the target for one row."""
    return [
        f"interface={row['interface'].rsplit(' ', 1)[-1]}",
        f"coherent={str(row['interface'] == 'coherent dma').lower()}",
        f"accelerators={row['accelerators']}",
        f"assignment={row['assignment']}",
        f"driver.wait={row['wait']}",
        f"driver.memory={row['memory']}",
        f"accelerator.parameters.double_buffer={row['double_buffer']}",
    ]


ROWS = pairwise(SETTINGS)
OTHER = {"kernel": "exact", "exact": "kernel", "python": "shared object", "shared object": "python"}
NETWORKS = [
    ("lenet5", "traffic"),
    ("lenet5", "smaug"),
    ("minerva", "traffic"),
    ("workloads.micro:conv_strided", "traffic"),
    ("workloads.micro:matrix", "smaug"),
    ("workloads.micro:layouts", "traffic"),
]


def test_the_rows_meet_every_pair_of_settings() -> None:
    met = {pair for row in ROWS for pair in combinations(row.items(), 2)}
    for (first, ones), (second, others) in combinations(SETTINGS.items(), 2):
        assert {((first, a), (second, b)) for a in ones for b in others} <= met
    assert len(ROWS) < 40


@pytest.mark.slow
@pytest.mark.usefixtures("needs_twin")
@pytest.mark.parametrize(("workload", "policy"), NETWORKS)
def test_every_setting_gives_the_same_bytes_and_every_model_the_same_ticks(
    workload: str,
    policy: str,
    load_case: Callable[..., Any],
    run_case: Callable[..., Any],
    check_values: Callable[..., None],
) -> None:
    """Each row runs twice: as it is, and with the other mode and the model's other language."""
    case = load_case(workload)
    outputs = set()
    for row in ROWS:
        options = {"policy": policy, "threads": row["threads"]}
        run = run_case(case, sets_of(row), mode=row["mode"], model=row["model"], **options)
        other = run_case(
            case, sets_of(row), mode=OTHER[row["mode"]], model=OTHER[row["model"]], **options
        )
        assert run.evidence == other.evidence, row
        outputs.add(run.outputs)
        check_values(run, case)
    assert len(outputs) == 1


@pytest.mark.parametrize("policy", ["traffic", "smaug"])
@pytest.mark.parametrize("row", [ROWS[1], ROWS[-2]], ids=["a", "b"])
def test_cnn10_gives_the_same_bytes_as_with_one_accelerator(
    row: dict[str, Any],
    policy: str,
    load_case: Callable[..., Any],
    run_case: Callable[..., Any],
    check_values: Callable[..., None],
) -> None:
    case = load_case("cnn10")
    plain = run_case(case, policy=policy)
    other = run_case(case, sets_of(row), policy=policy, threads=row["threads"])
    assert plain.outputs == other.outputs
    check_values(plain, case)


@pytest.mark.parametrize("workload", ["lenet5", "minerva", "cnn10"])
def test_onnxruntime_computes_the_same_numbers_from_the_export(
    workload: str,
    load_case: Callable[..., Any],
    run_case: Callable[..., Any],
    units_apart: Callable[..., int],
) -> None:
    runtime = pytest.importorskip("onnxruntime")
    case = load_case(workload)
    model = export_onnx(case.graph).SerializeToString()
    session = runtime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [each.name for each in case.graph.inputs]
    wanted = session.run(
        [each.name for each in case.graph.outputs], dict(zip(names, case.inputs, strict=True))
    )
    got = run_case(case).result.outputs
    for one, other in zip(got, wanted, strict=True):
        assert one.dtype == other.dtype == np.float16
        assert units_apart(one, other) <= 2


@pytest.mark.usefixtures("needs_twin")
@pytest.mark.parametrize("workload", ["lenet5", "workloads.micro:pool"])
@pytest.mark.parametrize("mode", ["kernel", "exact"])
@pytest.mark.parametrize("model", ["process", "program"])
def test_a_model_out_of_process_takes_the_same_ticks_as_in_process(
    workload: str,
    mode: str,
    model: str,
    load_case: Callable[..., Any],
    run_case: Callable[..., Any],
) -> None:
    case = load_case(workload)
    sets = ["accelerators=2", "interface=acp"]
    inside = run_case(case, sets, mode=mode)
    outside = run_case(case, sets, mode=mode, model=model)
    assert outside.evidence == inside.evidence
    assert outside.values == inside.values
