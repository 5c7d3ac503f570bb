"""Starts a model's process only to hear what it can do."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness.bridge.ipc import connect_ipc

if TYPE_CHECKING:
    from harness.bridge.description import ModelDescription
    from harness.bridge.messages import HelloParameters

DEADLINE_S = 20.0


def describe_process(reference: str, hello: HelloParameters) -> ModelDescription:
    """Start a model's process, shake hands, and end it.

    Raises:
        BridgeError: It does not start or does not answer as it should.
    """
    with tempfile.TemporaryDirectory(prefix="harness-probe-") as folder:
        connection = connect_ipc(reference, hello, Path(folder), deadline_s=DEADLINE_S)
        try:
            return connection.description
        finally:
            connection.close()
