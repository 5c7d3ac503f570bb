"""What `harness trace` does with recordings."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import SpecError
from harness.bridge.trace import diff_traces, drive_model, read_trace
from harness.run.spec import TRANSPORTS

if TYPE_CHECKING:
    from harness.bridge.connection import ModelConnection
    from harness.bridge.messages import HelloParameters
    from harness.bridge.trace import Divergence, Trace

DEADLINE_S = 60.0


def difference_lines(first: Path, second: Path) -> list[str]:
    """Return lines about the first difference of two recordings; none if they are equal."""
    return _lines(diff_traces(_read(first), _read(second)), str(first), str(second))


def drive_lines(path: Path, accelerator: str, transport: str) -> tuple[bool, list[str]]:
    """Drive a model with a recording; return whether it answers the same, and lines to print."""
    if transport not in TRANSPORTS:
        raise SpecError("--transport: unknown value", expected=" or ".join(TRANSPORTS))
    trace = _read(path)
    with tempfile.TemporaryDirectory(prefix="harness-drive-") as folder:
        connection = _connect(accelerator, transport, trace.hello, Path(folder))
        try:
            divergence = drive_model(trace, connection)
        finally:
            connection.abort()
    if divergence is None:
        return True, [f"{accelerator} gives the same {len(trace.exchanges)} answers"]
    return False, _lines(divergence, str(path), accelerator)


def _read(path: Path) -> Trace:
    if not path.is_file():
        raise SpecError("no such recording", where=str(path))
    return read_trace(path)


def _connect(
    accelerator: str, transport: str, hello: HelloParameters, folder: Path
) -> ModelConnection:
    if transport == "ipc":
        from harness.bridge.ipc import connect_ipc  # noqa: PLC0415 - zmq, only for ipc

        return connect_ipc(accelerator, hello, folder, deadline_s=DEADLINE_S)
    if transport == "tcp":
        from harness.bridge.tcp import connect_tcp  # noqa: PLC0415 - as above

        return connect_tcp(accelerator, hello, folder, deadline_s=DEADLINE_S)
    from harness.bridge.in_process import connect_in_process  # noqa: PLC0415

    return connect_in_process(accelerator, hello)


def _lines(divergence: Divergence | None, first: str, second: str) -> list[str]:
    if divergence is None:
        return []
    place = "handshake" if divergence.exchange < 0 else f"exchange {divergence.exchange}"
    return [
        f"first difference: {place}, {divergence.part}, {divergence.field}",
        f"  {first}: {divergence.expected}",
        f"  {second}: {divergence.got}",
    ]
