"""Networks of every kind compile under both policies, run, and equal the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.base.errors import DoesNotFitError
from tests.system.exotic_networks import NETWORKS, TOO_LARGE_FOR_SMAUG, build

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    ((), {}),
    (("accelerators=3", "interface=acp"), {"threads": 4, "mode": "exact"}),
    (
        (
            "accelerators=8",
            "assignment=dynamic",
            "interface=cache",
            "accelerator.parameters.double_buffer=true",
        ),
        {"threads": 2, "repeat": 2},
    ),
    (("accelerators=2", "coherent=true"), {"threads": 8}),
)


@pytest.mark.parametrize("policy", ["traffic", "smaug"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_equals_the_reference_in_all_settings(
    name: str,
    policy: str,
    case_of: Callable[..., Any],
    run_case: Callable[..., Any],
    check_values: Callable[..., None],
) -> None:
    if name == "bf16":
        pytest.importorskip("ml_dtypes")
    case = case_of(build(name))
    if policy == "smaug" and name in TOO_LARGE_FOR_SMAUG:
        with pytest.raises(DoesNotFitError, match=r"way out: .*policy traffic"):
            run_case(case, policy=policy)
        return
    outputs = set()
    for sets, options in SETTINGS[
        : 1 if name == "first_layer_of_vgg" else None
    ]:  # 10 M events each
        run = run_case(case, sets, policy=policy, **options)
        check_values(run, case)
        outputs.add(run.outputs)
    assert len(outputs) == 1


def test_what_the_accelerator_cannot_do_runs_on_the_cpu(
    case_of: Callable[..., Any], run_case: Callable[..., Any]
) -> None:
    for name in ("grouped", "broadcast", "fp32"):
        program = run_case(case_of(build(name))).program
        assert not program.operators[0].is_accelerated, name
