"""What the accelerator port does with a model's nodes; ticks derived from the target's fields."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.base.errors import BackendError, ProtocolError
from harness.base.units import period_ticks
from harness.bridge.records import FIRST_NOTIFY_ID
from harness.stats.timeline import TimelineKind
from harness.target import load_target

READ, WRITE, COMPUTE, FENCE, IRQ, _SET_REGISTER, NOTIFY = range(1, 8)
INPUT, OUTPUT, BYTES = 0, 512, 512
CYCLE = period_ticks(load_target("smaug").accelerator.clock_hz)


def _units(result: Any) -> Any:
    records = result.timeline[result.timeline["kind"] == TimelineKind.UNIT]
    return {int(r["node"]): (int(r["begin"]), int(r["end"])) for r in records}


def _transfers(result: Any) -> Any:
    records = result.timeline[result.timeline["kind"] == TimelineKind.TRANSFER]
    return {int(r["node"]): (int(r["begin"]), int(r["end"])) for r in records}


def _load(builder: Any, node_id: Any, offset: Any = 0, size: Any = 64, **more: Any) -> Any:
    return builder.add(
        READ, node_id, interface=1, address=INPUT + offset, row_bytes=size, rows=1, **more
    )


def test_compute_occupies_its_unit_for_exactly_its_cycles(run_tiny: Any, actions: Any) -> None:
    result, _ = run_tiny(lambda *_: actions().add(COMPUTE, 0, value=100).build())
    begin, end = _units(result)[0]
    assert begin % CYCLE == 0
    assert end - begin == 100 * CYCLE


def test_one_unit_serves_one_node_at_a_time_and_two_units_work_side_by_side(
    run_tiny: Any, actions: Any
) -> None:
    answer = actions()
    for node_id, unit in enumerate((0, 0, 1)):
        answer.add(COMPUTE, node_id, unit=unit, value=10)
    units = _units(run_tiny(lambda *_: answer.build())[0])
    assert units[1] == (units[0][1], units[0][1] + 10 * CYCLE)
    assert units[2] == units[0]


def test_a_node_waits_for_all_that_it_depends_on(run_tiny: Any, actions: Any) -> None:
    answer = _load(actions(), 0).add(COMPUTE, 1, unit=0, value=5).add(COMPUTE, 2, unit=1, value=900)
    answer.add(FENCE, 3, after=(0, 1, 2)).add(COMPUTE, 4, unit=0, value=1, after=(3, 3))
    result, _ = run_tiny(lambda *_: answer.build())
    units = _units(result)
    assert units[4][0] == max(units[1][1], units[2][1])
    assert units[4][0] >= _transfers(result)[0][1]


def test_a_stream_starts_its_nodes_in_order_of_their_ids(run_tiny: Any, actions: Any) -> None:
    answer = actions().add(COMPUTE, 0, value=1000)
    _load(answer, 1, stream=0, after=(0,))
    _load(answer, 2, offset=64, stream=0)
    _load(answer, 3, offset=128, stream=1)
    result, _ = run_tiny(lambda *_: answer.build())
    transfers = _transfers(result)
    assert transfers[3][0] < transfers[1][0] < transfers[2][0]


def test_written_bytes_are_in_memory_when_the_inference_has_ended(
    run_tiny: Any, actions: Any
) -> None:
    data = bytes(range(255, 255 - 96, -1))
    answer = actions().add(
        WRITE, 0, interface=1, address=OUTPUT + 32, row_bytes=32, rows=3, stride_bytes=128,
        operand=1, data=data,
    )  # fmt: skip
    result, _ = run_tiny(lambda *_: answer.build())
    expected = np.zeros(BYTES, np.uint8)
    for row in range(3):
        expected[32 + 128 * row : 64 + 128 * row] = list(data[32 * row : 32 * row + 32])
    np.testing.assert_array_equal(result.outputs[0], expected)


def test_exact_mode_hands_over_the_bytes_of_reads_and_the_ticks_of_all_nodes(
    run_tiny: Any, actions: Any
) -> None:
    def script(kind: Any, *_: Any) -> Any:
        if kind == "launch":
            answer = _load(actions(), 0, size=96).add(COMPUTE, 1, value=3, after=(0,))
            return answer.add(NOTIFY, FIRST_NOTIFY_ID, after=(1,)).build(is_final=False)
        return actions().add(COMPUTE, 2, value=7).build()

    result, connection = run_tiny(script, mode="exact")
    (_, _, launch_tick, operands), (kind, _, tick, (completions, data)) = connection.log
    assert (kind, operands) == ("event", b"")
    assert data == bytes(range(96))
    assert completions["id"].tolist() == [0, 1]
    assert launch_tick <= completions["issue_tick"][0] <= completions["first_tick"][0]
    assert completions["last_tick"][1] == tick
    assert _units(result)[2] == (tick, tick + 7 * CYCLE)


def test_kernel_mode_hands_over_the_operands_that_are_read(run_tiny: Any, actions: Any) -> None:
    _, connection = run_tiny(lambda *_: actions().build(), mode="kernel")
    assert connection.log[0][3] == bytes(range(256)) * 2


def test_a_model_is_woken_at_the_tick_that_it_named(run_tiny: Any, actions: Any) -> None:
    def script(kind: Any, _instance: Any, tick: Any, _payload: Any) -> Any:
        if kind == "launch":
            return actions().build(is_final=False, wake_tick=tick + 12345)
        return actions().build()

    _, connection = run_tiny(script)
    (_, _, launched, _), (kind, _, woken, _) = connection.log
    assert (kind, woken) == ("wake", launched + 12345)


def test_an_irq_node_interrupts_besides_the_end_of_the_item(run_tiny: Any, actions: Any) -> None:
    result, _ = run_tiny(lambda *_: actions().add(IRQ, 0).build())
    assert (result.timeline["kind"] == TimelineKind.INTERRUPT).sum() == 2


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"address": INPUT + BYTES - 32}, "outside"),
        ({"address": 7 << 40}, "outside"),
        ({"interface": 9}, "interface"),
        ({"operand": 5}, "operand"),
        ({"stream": 16}, "stream"),
        ({"flags": 1}, "flags"),
        ({"rows": 0}, "no bytes"),
        ({"rows": 2, "stride_bytes": 2**63}, "outside"),
    ],
)
def test_nodes_that_break_the_rules_are_refused(
    fields: Any, message: Any, run_tiny: Any, actions: Any
) -> None:
    valid = {"interface": 1, "address": INPUT, "row_bytes": 64, "rows": 1}
    answer = actions().add(READ, 0, **(valid | fields))
    with pytest.raises(ProtocolError, match=message):
        run_tiny(lambda *_: answer.build())


def test_a_write_into_an_operand_without_the_right_is_refused(run_tiny: Any, actions: Any) -> None:
    answer = actions().add(WRITE, 0, interface=1, address=INPUT, row_bytes=4, rows=1, data=b"1234")
    with pytest.raises(ProtocolError, match="not written"):
        run_tiny(lambda *_: answer.build())


def test_a_command_that_never_ends_is_reported_instead_of_hanging(
    run_tiny: Any, actions: Any
) -> None:
    with pytest.raises(BackendError, match="nothing can happen") as caught:
        run_tiny(lambda *_: actions().build(is_final=False))
    assert "final Actions" in caught.value.got


def test_the_limit_of_ticks_ends_a_run(run_tiny: Any, actions: Any) -> None:
    answer = actions().add(COMPUTE, 0, value=10**6)
    with pytest.raises(BackendError, match="limit"):
        run_tiny(lambda *_: answer.build(), maximum_ticks=10**6)


def test_polling_takes_no_interrupt(run_tiny: Any, actions: Any) -> None:
    answer = actions().add(COMPUTE, 0, value=1000)
    result, _ = run_tiny(lambda *_: answer.build(), sets=["driver.wait=polling"])
    assert not (result.timeline["kind"] == TimelineKind.INTERRUPT).any()


def test_a_computation_of_milliseconds_ends(run_tiny: Any, actions: Any) -> None:
    result, _ = run_tiny(lambda *_: actions().add(COMPUTE, 0, value=10**7).build())
    begin, end = _units(result)[0]
    assert end - begin == 10**7 * CYCLE
