"""The simulator's C++ end against models in processes of their own: right ones and broken ones."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from accel_models.vector_mac_cpp import binary_path
from harness.base.errors import HandshakeError
from harness.bridge.in_process import connect_in_process
from harness.bridge.messages import HelloParameters, ModelMode
from harness.bridge.process import model_argv
from harness.bridge.trace import RecordingConnection, ReplayConnection, diff_traces, read_trace
from harness.cli.traces import drive_lines
from tests.bridge_cpp.commands import Layout, convolutions, products
from tests.bridge_cpp.player import Played, play

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.bridge.connection import ModelConnection

ROOT = Path(__file__).parents[2]
BUILD = Path(os.environ.get("HARNESS_CPP_BUILD", ROOT / "build" / "cpp"))
"""Where `make test` builds; a developer's own build folder serves as well."""
DRIVER = BUILD / "tests" / "cpp" / "bridge" / "drive_model"
FAULTY = ROOT / "tests" / "faults" / "faulty_model.py"
PYTHON_MODEL = "accel_models.vector_mac:VectorMacEngine"
PATIENCE_S = 30
PROMPT_S = 1.0
NEVER_S = 20.0

BUSY_MODEL = """
import time
from accel_models.vector_mac import VectorMacEngine

class Slow(VectorMacEngine):
    def execute(self, command, memory):
        for _ in range(4):
            time.sleep(0.9)
            self.busy("at work")
        return super().execute(command, memory)
"""


@pytest.fixture(scope="module", autouse=True)
def _driver() -> None:
    if not DRIVER.is_file():
        pytest.skip(
            "drive_model is not built: `make test` builds it where GoogleTest's, ZeroMQ's and "
            "protobuf's C++ headers are present"
        )


@dataclass
class Bench:
    """Starts models and the driver in one folder; ends what is still there."""

    folder: Path
    layout: Layout = field(default_factory=products)
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "commands").write_bytes(b"".join(self.layout.commands))
        (self.folder / "memory").write_bytes(self.memory())

    def memory(self) -> bytearray:
        values = np.random.default_rng(7).normal(scale=0.5, size=self.layout.end_bytes // 2)
        return bytearray(values.astype("<f2").tobytes())

    @property
    def endpoint(self) -> str:
        return f"ipc://{self.folder}/s"

    @property
    def mark(self) -> Path:
        return self.folder / "mark"

    def model(self, argv: list[str], **environment: str) -> int:
        """Start a model's process and return its id."""
        settings = {"HARNESS_BRIDGE_TOKEN": self.token, "FAULT_MARK": str(self.mark)}
        return self._start(argv, {**settings, **environment}).pid

    def python_model(self, reference: str = PYTHON_MODEL) -> int:
        return self.model(model_argv(reference, self.endpoint))

    def faulty_model(self, kind: str, at: int = 2) -> int:
        argv = [sys.executable, str(FAULTY), "--endpoint", self.endpoint]
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        return self.model(argv, FAULT_KIND=kind, FAULT_AT=str(at), PYTHONPATH=path)

    def drive(self, pid: int = 0, *, deadline_s: float = NEVER_S, **options: str) -> Driven:
        """Start the driver beside a model."""
        arguments = {
            "endpoint": self.endpoint,
            "commands": str(self.folder / "commands"),
            "memory": str(self.folder / "memory"),
            "pid": str(pid),
            "deadline": str(deadline_s),
            **options,
        }
        argv = [word for name, value in arguments.items() for word in (f"--{name}", value)]
        process = self._start([str(DRIVER), *argv], {"HARNESS_BRIDGE_TOKEN": self.token})
        return Driven(process)

    def _start(self, argv: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            argv,
            env={**os.environ, **environment},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.started.append(process)
        return process

    def close(self) -> None:
        for process in self.started:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.communicate(timeout=PATIENCE_S)


@dataclass
class Driven:
    """A running driver."""

    process: subprocess.Popen[str]

    def output(self) -> str:
        """Return what it said in the end; it went well."""
        text = self.process.communicate(timeout=PATIENCE_S)[0]
        assert self.process.returncode == 0, text
        return text

    def fault(self) -> tuple[str, str]:
        """Return the kind and the text of the error that ended it."""
        text = self.process.communicate(timeout=PATIENCE_S)[0]
        assert self.process.returncode == 1, text
        kind, _, message = text[text.index("fault ") :].partition("\n")
        return kind.removeprefix("fault "), message


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def _wait_for(is_there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_there():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _start(bench: Bench, kind: str) -> int:
    if kind == "python":
        return bench.python_model()
    try:
        return bench.model([str(binary_path()), "--endpoint", bench.endpoint])
    except HandshakeError as error:
        pytest.skip(str(error))


def _played(bench: Bench, connection: ModelConnection, mode: ModelMode) -> Played:
    return play(connection, mode, bench.layout.commands, bench.memory())


@pytest.mark.parametrize("mode", list(ModelMode))
@pytest.mark.parametrize("kind", ["python", "program"])
@pytest.mark.parametrize("layout", [convolutions, products])
def test_a_cpp_recording_is_the_python_ends_byte_for_byte(
    layout: Callable[[], Layout], kind: str, mode: ModelMode, tmp_path: Path
) -> None:
    bench = Bench(tmp_path, layout())
    mine, theirs = tmp_path / "cpp.trace", tmp_path / "python.trace"
    try:
        pid = _start(bench, kind)
        options = {"mode": mode.name.lower(), "record": str(mine), "parameters": "{}"}
        output = bench.drive(pid, **options).output()
    finally:
        bench.close()
    hello = HelloParameters(mode=mode, simulator="drive_model")
    inner = connect_in_process(PYTHON_MODEL, hello)
    played = _played(bench, RecordingConnection(inner, theirs), mode)

    assert (tmp_path / "memory").read_bytes() == played.memory
    assert diff_traces(read_trace(theirs), read_trace(mine)) is None
    assert mine.read_bytes() == theirs.read_bytes()
    statistics = [line.split()[1:] for line in output.splitlines() if line.startswith("statistic")]
    assert [(int(each[0]), each[1]) for each in statistics] == [
        (each.instance, each.name) for each in played.statistics
    ]


def test_a_recording_replays_at_both_ends_and_drives_the_model(bench: Bench) -> None:
    trace = bench.folder / "t"
    live = bench.drive(bench.python_model(), record=str(trace)).output()
    memory = (bench.folder / "memory").read_bytes()
    (bench.folder / "memory").write_bytes(bench.memory())
    again = bench.folder / "again"
    replayed = bench.drive(replay=str(trace), record=str(again)).output()

    assert [line for line in replayed.splitlines() if "waited" not in line] == [
        line for line in live.splitlines() if "waited" not in line
    ]
    assert (bench.folder / "memory").read_bytes() == memory
    assert again.read_bytes() == trace.read_bytes()
    replay = ReplayConnection(trace)
    assert _played(bench, replay, ModelMode.KERNEL).memory == memory
    is_equal, lines = drive_lines(trace, PYTHON_MODEL, "inproc")
    assert is_equal, lines


def test_a_python_recording_replays_in_cpp(bench: Bench) -> None:
    trace = bench.folder / "t"
    hello = HelloParameters(simulator="drive_model", parameters={"pe_count": 4})
    inner = connect_in_process(PYTHON_MODEL, hello)
    memory = _played(bench, RecordingConnection(inner, trace), ModelMode.KERNEL).memory
    bench.drive(replay=str(trace), parameters='{ "pe_count": 4 }').output()

    assert (bench.folder / "memory").read_bytes() == memory
    kind, text = bench.drive(replay=str(trace), parameters='{"pe_count":8}').fault()
    assert kind == "Divergence"
    assert "another Hello" in text


def test_a_replay_of_another_run_names_the_first_difference(bench: Bench) -> None:
    trace = bench.folder / "t"
    bench.drive(bench.python_model(), record=str(trace)).output()
    memory = bench.memory()
    memory[0] ^= 1
    (bench.folder / "memory").write_bytes(memory)
    kind, text = bench.drive(replay=str(trace)).fault()

    assert kind == "Divergence"
    assert "request, field data (Launch of instance 0 at tick" in text
    assert str(trace) in text


def test_a_model_killed_in_its_turn_is_lost_within_a_second(bench: Bench) -> None:
    pid = bench.faulty_model("silent", at=3)
    driven = bench.drive(pid)
    _wait_for(bench.mark.exists)
    time.sleep(0.3)
    begin = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    kind, text = driven.fault()

    assert time.monotonic() - begin < PROMPT_S
    assert kind == "PeerLost"
    assert "the model's process ended" in text
    assert "Launch of instance 0" in text


def test_a_killed_model_that_is_not_watched_is_lost_by_its_connection(bench: Bench) -> None:
    pid = bench.faulty_model("silent", at=3)
    driven = bench.drive()
    _wait_for(bench.mark.exists)
    begin = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    kind, text = driven.fault()

    assert time.monotonic() - begin < PROMPT_S
    assert kind == "PeerLost"
    assert "the model disconnected" in text


@pytest.mark.parametrize("at", [0, 1, 3])
def test_a_model_that_hangs_misses_its_deadline(bench: Bench, at: int) -> None:
    kind, text = bench.drive(bench.faulty_model("silent", at), deadline_s=3).fault()

    assert kind == "Timeout"
    assert "deadline of 3 s" in text


def test_a_stopped_model_misses_its_deadline(bench: Bench) -> None:
    pid = bench.faulty_model("late", at=3)
    driven = bench.drive(pid, deadline_s=4)
    _wait_for(bench.mark.exists)
    os.kill(pid, signal.SIGSTOP)

    assert driven.fault()[0] == "Timeout"


def test_busy_gives_a_slow_model_its_time(bench: Bench) -> None:
    path = bench.folder / "slow.py"
    path.write_text(BUSY_MODEL)
    (bench.folder / "commands").write_bytes(bench.layout.commands[0])
    pid = bench.python_model(f"{path}:Slow")

    assert "exchanges 4" in bench.drive(pid, deadline_s=3).output()


def test_a_wrong_token_is_a_handshake_error(bench: Bench) -> None:
    token = bench.token
    bench.token = "f" * 32
    pid = bench.python_model()
    bench.token = token
    kind, text = bench.drive(pid).fault()

    assert kind == "Handshake"
    assert "token" in text


def test_a_model_that_dies_before_it_connects_is_not_awaited(bench: Bench) -> None:
    begin = time.monotonic()
    kind, text = bench.drive(bench.model([sys.executable, "-c", "raise SystemExit(7)"])).fault()

    assert kind == "PeerLost"
    assert "before it connected" in text
    assert time.monotonic() - begin < NEVER_S / 2


def test_a_model_that_cannot_be_imported_says_so(bench: Bench) -> None:
    kind, text = bench.drive(bench.python_model("accel_models.missing:Engine")).fault()

    assert kind == "Handshake"
    assert "accel_models.missing" in text


PROTOCOL_FAULTS = (
    *("noise", "truncate", "empty", "sequence", "session", "tick", "instance", "more_nodes"),
    *("wild_address", "wild_cycles", "never_final", "another_command", "multipart"),
)


@pytest.mark.parametrize("kind", PROTOCOL_FAULTS)
def test_an_answer_that_breaks_a_rule_is_a_protocol_error(bench: Bench, kind: str) -> None:
    found, text = bench.drive(bench.faulty_model(kind)).fault()

    assert found == "Protocol", text
    assert "Launch of instance 0 at tick 0, exchange 1" in text


def test_a_garbled_answer_to_hello_is_a_protocol_error(bench: Bench) -> None:
    found, text = bench.drive(bench.faulty_model("noise", at=0)).fault()

    assert found == "Protocol", text
    assert "Hello" in text


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("oversize", "PeerLost"),
        ("disconnect", "PeerLost"),
        ("leave", "PeerLost"),
        ("leave_failed", "PeerLost"),
        ("abort", "PeerLost"),
        ("raise", "Model"),
        ("read_outside", "Model"),
        ("raise_exit", "Model"),
    ],
)
def test_every_end_of_a_model_has_its_type(bench: Bench, kind: str, expected: str) -> None:
    found, text = bench.drive(bench.faulty_model(kind)).fault()

    assert found == expected, text
    assert "Launch of instance 0" in text


def test_an_interrupt_ends_the_wait(bench: Bench) -> None:
    driven = bench.drive(bench.faulty_model("silent", at=3))
    _wait_for(bench.mark.exists)
    begin = time.monotonic()
    driven.process.send_signal(signal.SIGINT)

    assert driven.fault()[0] == "Interrupted"
    assert time.monotonic() - begin < PROMPT_S


def test_a_full_disk_ends_the_run_with_the_files_name(bench: Bench) -> None:
    kind, text = bench.drive(bench.python_model(), record="/dev/full").fault()

    assert kind == "File"
    assert "/dev/full" in text
