"""LeNet-5 on the engine: values, repeatability, modes, hazards, partial results."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest

from harness.base.errors import CoherenceError, SpecError
from harness.compiler.program import Flush
from harness.graph import execute_reference
from harness.soc.simulate import Simulation
from harness.stats.timeline import TimelineKind
from harness.target import load_target
from workloads import lenet5


@pytest.fixture(scope="module")
def workload() -> Any:
    return lenet5.build()


def _elapsed(result: Any) -> Any:
    return result.end_tick - result.begin_tick


def _interfaces(name: Any) -> Any:
    coherent = ["dma.coherent=true"] if name == "coherent dma" else []
    return [f"accelerator.interface={name.rsplit(' ', 1)[-1]}", *coherent]


def test_the_output_is_the_reference_bit_by_bit(workload: Any, run_workload: Any) -> None:
    result, _ = run_workload(workload)
    expected = execute_reference(workload.graph, workload.input_arrays(0))
    for got, tensor in zip(result.outputs, workload.graph.outputs, strict=True):
        np.testing.assert_array_equal(got, expected[tensor.name])


def test_a_second_run_gives_the_same_bytes(workload: Any, run_workload: Any) -> None:
    first, _ = run_workload(workload, threads=3, sets=["accelerator.count=2"])
    second, _ = run_workload(workload, threads=3, sets=["accelerator.count=2"])
    assert first.timeline.tobytes() == second.timeline.tobytes()
    assert first.statistics == second.statistics
    assert first.outputs[0].tobytes() == second.outputs[0].tobytes()


@pytest.mark.parametrize("interface", ["dma", "acp", "cache", "coherent dma"])
@pytest.mark.parametrize("count", [1, 3])
def test_exact_and_kernel_mode_take_the_same_ticks(
    interface: Any, count: Any, workload: Any, run_workload: Any
) -> None:
    sets = [f"accelerator.count={count}", *_interfaces(interface)]
    exact, _ = run_workload(workload, sets=sets, mode="exact")
    kernel, _ = run_workload(workload, sets=sets, mode="kernel")
    assert exact.timeline.tobytes() == kernel.timeline.tobytes()
    assert exact.outputs[0].tobytes() == kernel.outputs[0].tobytes()
    mismatches = [s.value for s in kernel.statistics if s.name.endswith(".readMismatches")]
    assert mismatches == [0] * count


def test_the_dispatching_thread_tiles_the_window(workload: Any, run_workload: Any) -> None:
    result, _ = run_workload(workload, threads=4)
    timeline = result.timeline
    host = np.isin(timeline["kind"], (TimelineKind.HOST, TimelineKind.HOST_WAIT))
    track = timeline[host & (timeline["track"] == 0)]
    assert track["begin"][0] == result.begin_tick
    assert track["end"][-1] == result.end_tick
    np.testing.assert_array_equal(track["begin"][1:], track["end"][:-1])


REFRESH_SHARE = 0.005
"""Moving work in time moves it against DRAM refresh (180 ns each 3.9 us) and open rows."""


def test_more_threads_are_never_slower(workload: Any, run_workload: Any) -> None:
    times = [_elapsed(run_workload(workload, threads=n)[0]) for n in (1, 2, 4, 8)]
    assert all(more <= fewer * (1 + REFRESH_SHARE) for fewer, more in itertools.pairwise(times))
    assert times[-1] < times[0]


def test_more_accelerators_are_never_slower_over_dma(workload: Any, run_workload: Any) -> None:
    times = [
        _elapsed(run_workload(workload, sets=[f"accelerator.count={n}"])[0]) for n in (1, 2, 4, 8)
    ]
    assert times == sorted(times, reverse=True)
    assert times[-1] < times[0]


def test_a_missing_flush_of_an_input_is_caught_and_named(workload: Any, run_workload: Any) -> None:
    def without_flush(program: Any) -> Any:
        index = next(i for i, s in enumerate(program.steps) if isinstance(s.action, Flush))
        steps = list(program.steps)
        steps[index] = dataclasses.replace(steps[index], action=Flush(0, 0))
        return dataclasses.replace(program, steps=tuple(steps))

    with pytest.raises(CoherenceError, match=r'reads a dirty line of buffer .*"image".*"conv0"'):
        run_workload(workload, edit=without_flush)


def test_weights_and_tiles_move_as_many_bytes_as_smaug_measured(
    workload: Any, run_workload: Any
) -> None:
    """Prepare and finalize of LeNet-5 move 163,584 bytes (SMAUG's own count, native run)."""
    result, _ = run_workload(workload)
    values = {s.name: s.value for s in result.statistics}
    assert values["system.host.copyBytes"] == 163_584
    assert values["system.accelerators0.commands"] == 55


def test_a_run_that_breaks_off_keeps_what_was_measured(workload: Any, run_workload: Any) -> None:
    _, program = run_workload(workload)

    class Broken:
        description = dataclasses.make_dataclass("D", ["units"])(("a", "b", "c"))

        def reset(self, windows: Any) -> None:
            pass

        def launch(self, *_: Any) -> Any:
            raise KeyboardInterrupt

    simulation = Simulation(
        program, load_target("smaug"), Broken(), inputs=list(workload.input_arrays(0).values())
    )
    with pytest.raises(KeyboardInterrupt):
        simulation.run()
    result = simulation.result()
    assert result.exit_cause == "interrupted"
    assert not result.last.is_complete
    assert result.last.end_tick > result.last.begin_tick
    assert result.last.timeline["end"].max() == result.last.end_tick


def test_progress_is_reported_while_the_simulation_runs(workload: Any, run_workload: Any) -> None:
    seen = []
    run_workload(workload, on_progress=seen.append)
    assert seen
    assert [p.tick for p in seen] == sorted(p.tick for p in seen)
    assert {p.operator for p in seen} & {"conv0", "conv1", "fc0"}


def test_more_threads_than_cores_are_refused(workload: Any, run_workload: Any) -> None:
    with pytest.raises(SpecError, match="threads"):
        run_workload(workload, threads=9)


def test_a_warm_inference_is_measured_apart_from_the_cold_one(
    workload: Any, run_workload: Any
) -> None:
    result, _ = run_workload(workload, repeat=2)
    cold, warm = result.inferences
    assert cold.end_tick == warm.begin_tick
    hosts = [i.timeline[i.timeline["kind"] <= 2]["begin"].min() for i in (cold, warm)]
    assert hosts == [cold.begin_tick, warm.begin_tick]


def test_a_dynamic_queue_gives_the_same_values(workload: Any, run_workload: Any) -> None:
    static, _ = run_workload(workload, sets=["accelerator.count=3"])
    dynamic, _ = run_workload(workload, sets=["accelerator.count=3", "assignment=dynamic"])
    assert dynamic.outputs[0].tobytes() == static.outputs[0].tobytes()
    commands = [
        sum(s.value for s in result.statistics if s.name.endswith(".commands"))
        for result in (static, dynamic)
    ]
    assert commands[0] == commands[1]
