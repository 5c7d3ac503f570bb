"""Run a Program on the embedded SoC in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.soc.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from harness.bridge.connection import ModelConnection
    from harness.compiler.program import Program
    from harness.soc.result import Progress, SimulationResult
    from harness.target.target import Target

    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["Simulation", "simulate"]


def simulate(  # noqa: PLR0913 - a run's options, keyword-only
    program: Program,
    target: Target,
    connection: ModelConnection,
    *,
    inputs: Sequence[Array],
    threads: int = 1,
    mode: str = "kernel",
    repeat: int = 1,
    maximum_ticks: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> SimulationResult:
    """Run a Program on the embedded SoC; `Simulation` keeps partial results as well.

    Args:
        program: The compiled network.
        target: The SoC.
        connection: A connected model; it stays open.
        inputs: One array per network input, in the network's order.
        threads: Host threads, the dispatching one included; at most the target's cores.
        mode: "exact" or "kernel", as the connection was told in Hello.
        repeat: Inferences, one after the other with warm caches.
        maximum_ticks: Limit of simulated time; reaching it is an error.
        on_progress: Called now and then while the simulation runs.

    Returns:
        Outputs, statistics and a timeline per inference.

    Raises:
        SpecError: More threads than cores, or an unknown mode.
        CoherenceError: A non-coherent DMA met a cached line.
        BackendError: The SoC cannot go on, or the limit of ticks is reached.
        BridgeError: The model's end failed.
    """
    return Simulation(
        program,
        target,
        connection,
        inputs=inputs,
        threads=threads,
        mode=mode,
        repeat=repeat,
        maximum_ticks=maximum_ticks,
        on_progress=on_progress,
    ).run()
