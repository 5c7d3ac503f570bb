"""The arrays that a run feeds to the network: shipped with the workload, from a file, or seeded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.array_file import read_arrays
from harness.base.errors import HarnessError, SpecError
from harness.run.reference import script_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.graph import Tensor
    from harness.run.workload import Workload

    Array = np.ndarray[Any, np.dtype[Any]]


def resolve_inputs(workload: Workload, choice: str, seed: int) -> tuple[Array, ...]:
    """Return the inputs' arrays in the network's order.

    Args:
        workload: Its shipped inputs are chosen by number.
        choice: A number, or the path of a .npy file (one input) or .npz file (by input name).
        seed: Draws the inputs that the workload does not ship.

    Raises:
        SpecError: There is no such input, or shapes or dtypes differ from the network's.
    """
    if choice.isdigit():
        given = _shipped(workload, int(choice))
        where = f"input {choice} of the workload"
    else:
        given = _read(Path(choice), [tensor.name for tensor in workload.graph.inputs])
        where = choice
    _check_names(given, workload.graph.inputs, where)
    generator = np.random.default_rng(seed)
    return tuple(
        _checked(given[tensor.name], tensor, where)
        if tensor.name in given
        else draw(tensor, generator)
        for tensor in workload.graph.inputs
    )


def label_index(choice: str) -> int | None:
    """Return which of the workload's labels belongs to the chosen input; None for files."""
    return int(choice) if choice.isdigit() else None


def draw(tensor: Tensor, generator: np.random.Generator) -> Array:
    """Draw a tensor's elements: reals uniform in [-1, 1), whole numbers in [0, 100)."""
    dtype = numpy_dtype(tensor)
    if np.issubdtype(dtype, np.integer):
        return generator.integers(0, 100, tensor.shape).astype(dtype)
    if dtype == np.bool_:
        return generator.integers(0, 2, tensor.shape).astype(dtype)
    return (generator.random(tensor.shape) * 2 - 1).astype(dtype)


def numpy_dtype(tensor: Tensor) -> np.dtype[Any]:
    """Return the numpy dtype of a tensor."""
    return np.dtype(tensor.dtype.numpy)


def _shipped(workload: Workload, index: int) -> Mapping[str, Array]:
    """Ask the workload for an input; its own errors name its line."""
    from collections.abc import Mapping as AnyMapping  # noqa: PLC0415 - the name is a type's above

    try:
        given = workload.input_arrays(index)
    except (HarnessError, KeyboardInterrupt):
        raise
    except BaseException as error:
        code = getattr(workload.inputs, "__code__", None)
        raise script_error(error, code.co_filename if code else workload.graph.name) from error
    name = ""
    what: object = given
    if isinstance(given, AnyMapping):
        wrong = [(f' "{k}"', v) for k, v in given.items() if not isinstance(v, np.ndarray)]
        if not wrong:
            return given
        name, what = wrong[0]
    raise SpecError(
        f"the workload's input{name} is not an array by name",
        where=f'workload "{workload.graph.name}"',
        expected="a dictionary of numpy arrays, or a function that returns one",
        got=type(what).__name__,
    )


def _read(path: Path, names: list[str]) -> Mapping[str, Array]:
    expected = "an input's number, a .npy file, or a .npz file of arrays by input name"
    loaded = read_arrays(path, SpecError, "the input", expected=expected)
    if isinstance(loaded, dict):
        return loaded
    return {names[0]: loaded} if names else {}


def _check_names(given: Mapping[str, Array], inputs: tuple[Tensor, ...], where: str) -> None:
    names = {tensor.name for tensor in inputs}
    unknown = sorted(set(given) - names)
    if unknown:
        raise SpecError(
            f'the network has no input "{unknown[0]}"',
            where=where,
            expected=", ".join(sorted(names)) or "a network without inputs",
        )


def _checked(array: Array, tensor: Tensor, where: str) -> Array:
    dtype = numpy_dtype(tensor)
    if array.shape != tensor.shape or array.dtype != dtype:
        raise SpecError(
            f'input "{tensor.name}" does not fit the network',
            where=where,
            expected=f"{dtype} {tensor.shape}",
            got=f"{array.dtype} {array.shape}",
        )
    return np.ascontiguousarray(array)
