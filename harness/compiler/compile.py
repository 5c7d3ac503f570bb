"""The compiler: verify, fuse, layout, tile, plan memory, schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.base.errors import CompileError
from harness.compiler.costs import costs_of
from harness.compiler.draft import Draft
from harness.compiler.fuse import fuse_activations
from harness.compiler.layout import place_operations
from harness.compiler.limits import Limits, limits_of
from harness.compiler.network import Network, format_network
from harness.compiler.program import Assignment, Program
from harness.compiler.schedule import Schedule
from harness.compiler.tile_network import POLICIES, format_plans, tile_operation
from harness.compiler.tile_plan import Reuse, TilePlan
from harness.compiler.verify import verify_graph

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.bridge.description import ModelDescription
    from harness.graph import Graph
    from harness.target import Target

ASSIGNMENTS = {"round_robin": Assignment.ROUND_ROBIN, "dynamic": Assignment.DYNAMIC}


@dataclass(frozen=True, slots=True)
class PassResult:
    """What a pass made, as text."""

    name: str
    text: str


def compile_graph(
    graph: Graph,
    target: Target,
    description: ModelDescription,
    *,
    policy: str = "traffic",
    on_pass: Callable[[PassResult], None] | None = None,
) -> Program:
    """Compile a network for a target and an accelerator.

    Args:
        graph: A finished graph.
        target: The SoC; its line size, interfaces, accelerators and assignment matter.
        description: What the accelerator's model says of itself.
        policy: How tiles are chosen: "traffic" or "smaug".
        on_pass: Called with the text of every pass's result.

    Returns:
        The program that every backend's host walks.

    Raises:
        CompileError: The policy is unknown or the graph unfinished.
        DoesNotFitError: An operation does not fit the scratchpads.
    """
    if policy not in POLICIES:
        raise CompileError(
            f"unknown tiling policy {policy!r}", expected=f"one of {', '.join(POLICIES)}"
        )
    limits = target_limits(target, description)
    network = lower_graph(graph, description, on_pass)
    is_smaug = policy == "smaug"
    plans = {
        operation.name: tile_operation(operation, network, limits, is_smaug=is_smaug)
        for operation in network.operations
        if operation.is_accelerated
    }
    if on_pass:
        on_pass(PassResult("tile", format_plans(plans)))
    draft = Draft(network, plans, limits, is_smaug=is_smaug)
    return _program(network, draft, target, policy, limits)


def target_limits(target: Target, description: ModelDescription) -> Limits:
    """Return what tilers must know of a target and a model."""
    reuse = Reuse(target.accelerator.count, target.assignment == "round_robin")
    return limits_of(description, reuse, target.line_bytes, costs_of(target, description))


def lower_graph(
    graph: Graph,
    description: ModelDescription,
    on_pass: Callable[[PassResult], None] | None = None,
) -> Network:
    """Run the passes before tiling."""
    network = verify_graph(graph)
    for name, run in (("fuse", fuse_activations), ("layout", place_operations)):
        if on_pass and name == "fuse":
            on_pass(PassResult("verify", format_network(network)))
        network = run(network, description)
        if on_pass:
            on_pass(PassResult(name, format_network(network)))
    return network


def _program(
    network: Network, draft: Draft, target: Target, policy: str, limits: Limits
) -> Program:
    schedule = Schedule(draft, target, limits)
    return Program(
        name=network.name,
        policy=policy,
        line_bytes=target.line_bytes,
        assignment=ASSIGNMENTS[target.assignment],
        windows=draft.windows,
        buffers=draft.buffers,
        operators=tuple(schedule.operators),
        copies=tuple(schedule.copies),
        ranges=tuple(schedule.ranges),
        commands=tuple(schedule.commands),
        cpu_operators=tuple(schedule.cpu_operators),
        steps=tuple(schedule.steps),
        input_buffers=tuple(draft.of_value[name] for name in network.inputs),
        output_buffers=tuple(draft.of_value[name] for name in network.outputs),
    )


__all__ = ["PassResult", "TilePlan", "compile_graph", "lower_graph", "target_limits"]
