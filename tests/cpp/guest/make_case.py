"""Write the files of a run for the guest runtime, and the outputs that the embedded SoC gives."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

SKIPPED = 77
WORKLOAD = "lenet5"
OVERRIDES = {
    "one": (),
    "four": ("accelerators=4",),
    "dynamic": ("accelerators=4", "assignment=dynamic"),
}


def stored_bytes(buffer: Any, array: Any) -> bytes:
    """Return a tensor as its buffer holds it: the last dimension padded with zeros."""
    import numpy as np

    padding = [(0, 0)] * (array.ndim - 1) + [(0, buffer.storage_shape[-1] - array.shape[-1])]
    return np.pad(array, padding).tobytes()


def write_case(directory: Path, overrides: tuple[str, ...]) -> None:
    """Compile and simulate the workload, and keep what went in and came out."""
    from harness.bridge.in_process import connect_in_process
    from harness.compiler import compile_graph
    from harness.compiler.program_file import save_program
    from harness.run.inputs import resolve_inputs
    from harness.run.model_session import hello_parameters
    from harness.run.reference import load_workload
    from harness.soc.simulate import simulate
    from harness.soc.tensors import input_bytes
    from harness.target import load_target

    workload = load_workload(WORKLOAD)
    target = load_target("smaug", overrides)
    hello = hello_parameters(target, "kernel", 0)
    inputs = resolve_inputs(workload, "0", 0)
    connection = connect_in_process(target.accelerator.model, hello)
    try:
        program = compile_graph(workload.graph, target, connection.description)
    finally:
        connection.abort()
    connection = connect_in_process(target.accelerator.model, hello)
    try:
        outputs = simulate(program, target, connection, inputs=inputs).outputs
    finally:
        connection.abort()
    save_program(program, directory)
    into = [program.buffers[index] for index in program.input_buffers]
    out_of = [program.buffers[index] for index in program.output_buffers]
    (directory / "inputs.bin").write_bytes(b"".join(map(input_bytes, into, inputs)))
    (directory / "outputs.bin").write_bytes(b"".join(map(stored_bytes, out_of, outputs)))


def main() -> int:
    """Write every case into a folder of its own under the first argument."""
    if importlib.util.find_spec("harness") is None:
        sys.stderr.write("skipped: this Python has no harness installed\n")
        return SKIPPED
    for name, overrides in OVERRIDES.items():
        write_case(Path(sys.argv[1]) / name, overrides)
    return 0


if __name__ == "__main__":
    sys.exit(main())
