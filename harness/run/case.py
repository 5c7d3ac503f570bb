"""The case of a run: its graph, the arrays that are fed, and the right answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.base.array_file import read_array
from harness.base.errors import SpecError
from harness.graph import load_graph
from harness.run.directory import INPUTS
from harness.run.inputs import label_index, resolve_inputs
from harness.run.manifest import InputFile
from harness.run.outputs import array_sha256
from harness.run.reference import load_workload

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from harness.graph import Graph
    from harness.run.manifest import Manifest
    from harness.run.request import RunRequest
    from harness.run.spec import RunSpec

    Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """What is computed on which data."""

    graph: Graph
    inputs: tuple[Array, ...]
    classes: tuple[str, ...] = ()
    expected: tuple[int, ...] = ()

    def input_files(self) -> tuple[InputFile, ...]:
        """Return the inputs' names, files and hashes."""
        return tuple(
            InputFile(tensor.name, f"{INPUTS}/{index}.npy", array_sha256(array))
            for index, (tensor, array) in enumerate(
                zip(self.graph.inputs, self.inputs, strict=True)
            )
        )


def make_case(request: RunRequest) -> Case:
    """Return the case of a new run, or the same case again of one that is repeated."""
    if request.promise is not None and request.repeats is not None:
        return _old_case(request.promise, request.repeats)
    return _new_case(request.spec)


def _new_case(spec: RunSpec) -> Case:
    workload = load_workload(spec.workload)
    inputs = resolve_inputs(workload, spec.input, spec.seed)
    index = label_index(spec.input)
    batch = inputs[0].shape[0] if inputs and inputs[0].ndim else 1
    expected = () if index is None else workload.expected_labels(index, batch)
    return Case(workload.graph, inputs, tuple(workload.classes), expected)


def _old_case(manifest: Manifest, directory: Path) -> Case:
    """Load the case from an old run's directory; its workload's script is not needed."""
    graph = load_graph(directory)
    inputs = []
    for each in manifest.inputs:
        path = directory / each.file
        array = read_array(path, SpecError, "an input of the run")
        if array_sha256(array) != each.sha256:
            raise SpecError(
                "an input of the run was changed", where=str(path), expected=each.sha256
            )
        inputs.append(array)
    return Case(graph, tuple(inputs), manifest.classes, manifest.expected)
