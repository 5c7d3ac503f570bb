"""The program before addresses: every buffer that will be needed, and how long it lives."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.bridge.descriptor import DTYPE_BYTES
from harness.compiler.layout import find_aliases
from harness.compiler.memory import PAGE_BYTES, Lifetime, plan_memory
from harness.compiler.parameters import operation_parameters, padded_bytes, tile_bytes
from harness.compiler.placement import View, copied_roles
from harness.compiler.program import Buffer, Window
from harness.compiler.spans import round_up
from harness.compiler.tile_network import views_of

if TYPE_CHECKING:
    from harness.compiler.limits import Limits
    from harness.compiler.network import Network, Operation, Value
    from harness.compiler.tile_plan import Region, TilePlan

WEIGHTS, ACTIVATIONS, TILES = 0, 1, 2
WINDOW_NAMES = ("weights", "activations", "tiles")


@dataclass(frozen=True, slots=True)
class Place:
    """Bytes inside a buffer: where an operand's tile lies."""

    buffer: int
    offset_bytes: int
    size_bytes: int


@dataclass(frozen=True)
class PlacedOperation:
    """An operation with the place of every tile of every role.

    Attributes:
        operation: The operation.
        plan: Its tiling; None if the CPU computes it or nothing is to be done.
        views: How activations are seen, by role.
        tensors: Buffer of the tensor of each activation role.
        places: Place of each tile, by role.
        copied: Whether a tile is a copy, by role; weights are never copied at run time.
        is_alias: The result is its input under another shape.
    """

    operation: Operation
    plan: TilePlan | None = None
    views: dict[str, View] = field(default_factory=dict)
    tensors: dict[str, int] = field(default_factory=dict)
    places: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    copied: dict[str, tuple[bool, ...]] = field(default_factory=dict)
    is_alias: bool = False


@dataclass(frozen=True, slots=True)
class _Request:
    window: int
    size_bytes: int
    first: int
    last: int
    name: str
    value: Value
    shape: tuple[int, ...]
    storage: tuple[int, ...]
    alias_of: int = -1


class Draft:
    """Collects buffers, then plans where they lie."""

    def __init__(
        self, network: Network, plans: dict[str, TilePlan], limits: Limits, *, is_smaug: bool
    ) -> None:
        self._network = network
        self._limits = limits
        self._is_smaug = is_smaug
        self._requests: list[_Request] = []
        self._weights = bytearray()
        self._offsets_of_weights: dict[int, int] = {}
        self.of_value: dict[str, int] = {}
        self._aliases = find_aliases(network, limits.alignment)
        self._request_activations()
        self.operations = tuple(
            self._place(index, operation, plans.get(operation.name))
            for index, operation in enumerate(network.operations)
        )
        self._windows, self._buffers = self._finish()

    @property
    def input_values(self) -> tuple[str, ...]:
        """Names of the network's inputs."""
        return self._network.inputs

    @property
    def output_values(self) -> tuple[str, ...]:
        """Names of the network's results."""
        return self._network.outputs

    @property
    def windows(self) -> tuple[Window, ...]:
        """Windows with the initial bytes of weights."""
        return self._windows

    @property
    def buffers(self) -> tuple[Buffer, ...]:
        """Buffers with their offsets."""
        return self._buffers

    def _request_activations(self) -> None:
        lives = self._lifetimes()
        for name in (*self._network.inputs, *_results(self._network)):
            value = self._network.values[name]
            root = self._aliases.get(name, name)
            alias = self.of_value[root] if root != name else -1
            self._request(ACTIVATIONS, name, value, value.shape, lives[root], alias_of=alias)
            self.of_value[name] = len(self._requests) - 1

    def _lifetimes(self) -> dict[str, tuple[int, int]]:
        end = len(self._network.operations)
        lives = dict.fromkeys(self._network.inputs, (-1, -1))
        for index, operation in enumerate(self._network.operations):
            for name in (*operation.outputs, *operation.inputs):
                root = self._aliases.get(name, name)
                first, _ = lives.get(root, (index, index))
                lives[root] = (first, index)
        for name in self._network.outputs:
            root = self._aliases.get(name, name)
            lives[root] = (lives[root][0], end)
        return lives

    def _request(
        self,
        window: int,
        name: str,
        value: Value,
        shape: tuple[int, ...],
        life: tuple[int, int],
        *,
        alias_of: int = -1,
    ) -> int:
        storage = (*shape[:-1], round_up(shape[-1], self._limits.alignment))
        size_bytes = math.prod(storage) * DTYPE_BYTES[value.dtype]
        request = _Request(window, size_bytes, *life, name, value, shape, storage, alias_of)
        self._requests.append(request)
        return len(self._requests) - 1

    def _request_weights(
        self, name: str, value: Value, shape: tuple[int, ...], data: bytes
    ) -> Place:
        line = self._limits.line_bytes
        self._weights.extend(bytes(-len(self._weights) % line))
        index = self._request(WEIGHTS, name, value, shape, (-1, len(self._network.operations)))
        self._offsets_of_weights[index] = len(self._weights)
        self._weights.extend(data)
        return Place(index, 0, len(data))

    def _place(self, index: int, operation: Operation, plan: TilePlan | None) -> PlacedOperation:
        if operation.op in ("reshape", "flatten") and operation.outputs[0] in self._aliases:
            return PlacedOperation(operation, is_alias=True)
        for name in operation.inputs:
            if name in self._network.constants and self._needs_whole(operation, name, plan):
                self._place_constant(name)
        if plan is None:
            return PlacedOperation(operation)
        views = views_of(operation, self._network, self._limits)
        names = dict(zip(views, _activations(operation), strict=True))
        tensors = {role: self.of_value[name] for role, name in names.items()}
        copied = copied_roles(
            views,
            dict(plan.tiles),
            line_bytes=self._limits.line_bytes,
            is_smaug=self._is_smaug,
            is_always_copied=plan.is_always_copied,
        )
        places = {
            role: tuple(
                self._place_tile(index, operation, role, number, views[role], tensors[role], region)
                if copied[role][number]
                else Place(
                    tensors[role], views[role].offset_bytes(region), views[role].tile_bytes(region)
                )
                for number, region in enumerate(plan.tiles[role])
            )
            for role in views
        }
        places.update(self._place_parameters(operation, plan))
        return PlacedOperation(operation, plan, views, tensors, places, copied)

    def _needs_whole(self, operation: Operation, name: str, plan: TilePlan | None) -> bool:
        return plan is None or name in _activations(operation)

    def _place_constant(self, name: str) -> None:
        if name in self.of_value:
            return
        value = self._network.values[name]
        data = padded_bytes(self._network.constants[name], self._limits.alignment)
        self.of_value[name] = self._request_weights(name, value, value.shape, data).buffer

    def _place_tile(
        self,
        index: int,
        operation: Operation,
        role: str,
        number: int,
        view: View,
        tensor: int,
        region: Region,
    ) -> Place:
        value = self._requests[tensor].value
        name = f"{operation.name}.{role}.tile{number}"
        buffer = self._request(TILES, name, value, region.shape, (index, index))
        return Place(buffer, 0, view.tile_bytes(region))

    def _place_parameters(
        self, operation: Operation, plan: TilePlan
    ) -> dict[str, tuple[Place, ...]]:
        places: dict[str, tuple[Place, ...]] = {}
        for role, array in operation_parameters(operation, self._network).items():
            value = self._network.values[operation.inputs[2 if role == "bias" else 1]]
            places[role] = tuple(
                self._request_weights(
                    f"{operation.name}.{role}.tile{number}",
                    value,
                    region.shape,
                    tile_bytes(array, region, self._limits.alignment),
                )
                for number, region in enumerate(plan.tiles[role])
            )
        return places

    def _finish(self) -> tuple[tuple[Window, ...], tuple[Buffer, ...]]:
        offsets = dict(self._offsets_of_weights)
        sizes = {WEIGHTS: round_up(len(self._weights), PAGE_BYTES)}
        for window in (ACTIVATIONS, TILES):
            owners = [
                i for i, r in enumerate(self._requests) if r.window == window and r.alias_of < 0
            ]
            lives = [
                Lifetime(
                    self._requests[i].size_bytes, self._requests[i].first, self._requests[i].last
                )
                for i in owners
            ]
            layout = plan_memory(lives, self._limits.line_bytes)
            offsets.update(zip(owners, layout.offsets_bytes, strict=True))
            sizes[window] = layout.size_bytes
        windows = tuple(
            Window(
                name,
                max(sizes[index], PAGE_BYTES),
                is_writable=index != WEIGHTS,
                initial=bytes(self._weights) if index == WEIGHTS else b"",
            )
            for index, name in enumerate(WINDOW_NAMES)
        )
        buffers = tuple(
            _buffer(request, offsets[request.alias_of if request.alias_of >= 0 else index])
            for index, request in enumerate(self._requests)
        )
        return windows, buffers


def _activations(operation: Operation) -> tuple[str, ...]:
    """Return the values of the roles that `views_of` names, in its order."""
    inputs = operation.inputs[:2] if operation.op in ("add", "mul") else operation.inputs[:1]
    return (*inputs, operation.outputs[0])


def _results(network: Network) -> tuple[str, ...]:
    return tuple(name for operation in network.operations for name in operation.outputs)


def _buffer(request: _Request, offset_bytes: int) -> Buffer:
    return Buffer(
        name=request.name,
        window=request.window,
        offset_bytes=offset_bytes,
        size_bytes=request.size_bytes,
        dtype=request.value.dtype,
        layout=request.value.layout,
        shape=request.shape,
        storage_shape=request.storage,
        tensor=request.value.name,
    )
