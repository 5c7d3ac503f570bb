"""The C++ end over tcp: behind CURVE or not at all; only ever on loopback."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from accel_models.vector_mac_cpp import binary_path
from harness.base.errors import HandshakeError
from harness.bridge.messages import HelloParameters
from harness.bridge.tcp import connect_tcp

if TYPE_CHECKING:
    from pathlib import Path

KEY = "e{Q-[?WR[vyNT[oLBBw{S+Bln@iKK$=+-vF5ep%v"


@pytest.fixture(autouse=True)
def _needs_the_binary() -> None:
    try:
        binary_path()
    except HandshakeError as error:
        pytest.skip(str(error))


def test_the_program_serves_a_session_over_tcp(tmp_path: Path) -> None:
    connection = connect_tcp([str(binary_path())], HelloParameters(), tmp_path, deadline_s=10)
    assert connection.description.model == "vector_mac"
    connection.reset(())
    connection.close()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "HARNESS_BRIDGE_SERVER_KEY"),
        ({"HARNESS_BRIDGE_SERVER_KEY": KEY}, "HARNESS_BRIDGE_SECRET_KEY"),
        ({"HARNESS_BRIDGE_SERVER_KEY": "short"}, "HARNESS_BRIDGE_SERVER_KEY"),
    ],
)
def test_the_program_does_not_connect_over_tcp_without_keys(
    keys: dict[str, str], message: str
) -> None:
    ended = subprocess.run(
        [str(binary_path()), "--endpoint", "tcp://127.0.0.1:9"],
        env={**os.environ, "HARNESS_BRIDGE_TOKEN": "00" * 16, **keys},
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert ended.returncode == 1
    assert message in ended.stderr
