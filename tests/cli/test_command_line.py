"""The command line: exit codes, messages, and that it answers at once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.base.errors import BackendError, InternalError, SpecError
from harness.cli.main import main, report_error

RELU = ["run", "workloads.micro:relu", "--transport", "inproc", "-q"]
TILING = """\
id,source,op,input_shape_NHWC_or_NC,filter_rows_cols,num_ofmaps_or_neurons,stride_r_c,padding,\
dims_in,dims_weight,dims_out,tile_in,tile_weight,tile_out,n_tiles_in,n_tiles_weight,n_tiles_out,\
tiles_in,tiles_weight,tiles_out,n_candidate_configs,kernel_invocations,reference
conv_ut01,unit_test,conv,1x32x32x8,5x5,8,1x1,same,None,None,None,1x32x32x8,8x5x5x8,1x32x32x8,\
1,1,1,1x32x32x8*1,8x5x5x8*1,1x32x32x8*1,1,,here
"""


def harness(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["harness", *arguments])
    return main()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "run"
    patch = pytest.MonkeyPatch()
    try:
        assert harness(*RELU, "-o", str(path), monkeypatch=patch) == 0
    finally:
        patch.undo()
    return path


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['harness', '--help']\n"
        "from harness.cli.main import main\n"
        "assert main() == 0\n"
        "heavy = {'numpy', 'rich', 'pydantic', 'zmq', 'google.protobuf', 'harness.graph'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)


def test_a_run_prints_its_report(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert harness("report", str(finished), monkeypatch=monkeypatch) == 0
    text = capsys.readouterr().out

    assert "Where the time goes" in text
    assert "outputs      equal to the reference" in text


def test_json_is_the_result_file(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert harness("report", str(finished), "--json", monkeypatch=monkeypatch) == 0

    assert capsys.readouterr().out == (finished / "result.json").read_text()


def test_run_repeats_an_old_run_from_its_run_json(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = str(finished / "run.json"), str(tmp_path / "again")

    assert harness("run", old, "-q", "-o", new, monkeypatch=monkeypatch) == 0
    assert (tmp_path / "again" / "stats.txt").read_bytes() == (finished / "stats.txt").read_bytes()


def test_stats_compare_and_timeline_read_what_runs_leave(
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run, trace = str(finished), tmp_path / "t.json"

    assert harness("stats", run, "simTicks", monkeypatch=monkeypatch) == 0
    assert "simTicks" in capsys.readouterr().out
    assert harness("stats", run, "nothing.*", monkeypatch=monkeypatch) == 2
    assert harness("stats", run, "--dump", "7", monkeypatch=monkeypatch) == 2
    assert harness("compare", run, run, monkeypatch=monkeypatch) == 0
    stats = str(finished / "stats.txt")
    assert harness("compare", stats, stats, "--all", monkeypatch=monkeypatch) == 0
    assert harness("timeline", run, "-o", str(trace), monkeypatch=monkeypatch) == 0
    assert json.loads(trace.read_text())["traceEvents"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["rn"], 2, "rn"),
        (["run", "lenet5", "--polcy", "smaug"], 2, "--policy"),
        (["run", "lenet5", "--policy", "best"], 2, "traffic or smaug"),
        (["run", "lenett"], 2, 'did you mean "lenet5"'),
        (["run", "lenet5", "--set", "dma.coherrent=true"], 2, "coherent"),
        (["report", "/nowhere"], 2, "not a run directory"),
        (["stats", "/nowhere/stats.txt"], 2, "cannot read"),
        (["validate", "tiling", "/nowhere.csv"], 2, "no such validation file"),
        (["validate", "soc", "/nowhere.toml"], 2, "cannot read the grid: No such file"),
        (["validate", "work", "/nowhere.csv", "--tau-limit", "1"], 2, "belong to soc"),
        (["trace", "diff", "/nowhere", "/nowhere"], 2, "no such recording"),
        (["show", "graph"], 2, "name of a workload"),
    ],
)
def test_mistakes_get_one_message_and_the_documented_code(
    arguments: list[str],
    code: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)

    assert harness(*arguments, monkeypatch=monkeypatch) == code

    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error
    assert list(tmp_path.rglob("*.*")) == []


def test_a_dry_run_makes_no_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert harness("run", "lenet5", "--dry-run", monkeypatch=monkeypatch) == 0

    assert "runs/lenet5" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "workloads"],
        ["list", "models"],
        ["list", "targets"],
        ["list", "operators"],
        ["show", "graph", "micro.conv"],
        ["show", "summary", "micro.conv"],
        ["show", "passes", "micro.conv"],
        ["show", "program", "micro.conv", "--policy", "smaug"],
        ["show", "target", "mobile"],
        ["show", "model"],
        ["--version"],
    ],
)
def test_what_there_is_can_be_listed_and_shown(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert harness(*arguments, monkeypatch=monkeypatch) == 0
    assert capsys.readouterr().out.strip()


def test_compile_writes_graph_and_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["compile", "micro.conv", "-o", str(tmp_path)]

    assert harness(*arguments, monkeypatch=monkeypatch) == 0
    files = {"graph.pb", "weights.bin", "program.pb", "program.bin"}
    assert {path.name for path in tmp_path.iterdir()} == files


def test_validation_exits_0_only_within_the_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right, wrong = tmp_path / "right.csv", tmp_path / "wrong.csv"
    right.write_text(TILING)
    wrong.write_text(TILING.replace("1x32x32x8*1,8x5x5x8*1", "1x16x32x8*2,8x5x5x8*1"))

    assert harness("validate", "tiling", str(right), monkeypatch=monkeypatch) == 0
    assert harness("validate", "tiling", str(wrong), monkeypatch=monkeypatch) == 1
    assert "conv_ut01: tiles_in: expected 1x16x32x8*2" in capsys.readouterr().out


def test_a_recording_can_be_replayed_driven_and_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace, other = str(tmp_path / "a.trace"), str(tmp_path / "b.trace")
    first, second = str(tmp_path / "1"), str(tmp_path / "2")
    record, replay = ["--record", trace, "-o", first], ["--replay", trace, "-o", second]

    assert harness(*RELU, *record, monkeypatch=monkeypatch) == 0
    assert harness(*RELU, *replay, monkeypatch=monkeypatch) == 0
    assert Path(first, "stats.txt").read_bytes() == Path(second, "stats.txt").read_bytes()
    assert harness("trace", "diff", trace, trace, monkeypatch=monkeypatch) == 0
    drive = ["trace", "drive", trace, "--transport", "inproc"]
    assert harness(*drive, monkeypatch=monkeypatch) == 0
    third = ["--set", "accelerator.clock=500 MHz", "--record", other, "-o", str(tmp_path / "3")]
    assert harness(*RELU, *third, monkeypatch=monkeypatch) == 0
    assert harness("trace", "diff", trace, other, monkeypatch=monkeypatch) == 1


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (SpecError("bad key"), 2, "harness: error: bad key"),
        (BackendError("it broke"), 1, "harness: error: it broke"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(28, "No space left on device"), 1, "disk is full"),
        (InternalError("impossible"), 70, "please report"),
        (ZeroDivisionError("division by zero"), 70, "ZeroDivisionError: division by zero"),
    ],
)
def test_every_error_ends_in_one_place(
    error: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report_error(error) == code
    assert words in capsys.readouterr().err


def test_tracebacks_are_printed_on_request_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report_error(SpecError("bad"))
    assert "SpecError" not in capsys.readouterr().err
    monkeypatch.setenv("HARNESS_DEBUG", "1")
    report_error(SpecError("bad"))
    assert "SpecError" in capsys.readouterr().err


def hear_ctrl_c() -> None:
    """Undo what a suite in the background inherits: its shell makes it deaf to SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupted_run_leaves_no_process_and_says_so(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "harness.cli.main", "run", "cnn10", "-o", str(tmp_path / "run")]
    process = subprocess.Popen(
        [*argv, "--repeat", "500"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - no threads here
    )
    assert process.stderr is not None
    while "simulating" not in process.stderr.readline():
        assert process.poll() is None
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(2)
    out, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "harness: interrupted" in err
    assert "exit cause   interrupted" in out
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert (tmp_path / "run" / "stats.txt").stat().st_size
    assert not list((tmp_path / "run").glob("bridge-*"))


def test_accuracy_is_printed_for_the_shipped_test_images(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert harness("accuracy", "minerva", "--simulate", "1", monkeypatch=monkeypatch) == 0
    reference, simulated = capsys.readouterr().out.splitlines()

    assert "of 360 right" in reference
    assert "of 1 right" in simulated
    assert harness("accuracy", "micro.conv", monkeypatch=monkeypatch) == 2


def test_a_network_is_exported_as_onnx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx = pytest.importorskip("onnx")
    path = tmp_path / "net.onnx"

    assert harness("export", "micro.conv", "-o", str(path), monkeypatch=monkeypatch) == 0
    onnx.checker.check_model(onnx.load(path))


def test_doctor_finds_that_runs_are_possible(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert harness("doctor", monkeypatch=monkeypatch) == 0
    text = capsys.readouterr().out

    assert "vector_mac" in text
    assert "MISSING" not in text


def test_transports_and_modes_give_the_same_ticks_and_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for transport, mode in (
        ("inproc", "kernel"),
        ("inproc", "exact"),
        ("ipc", "kernel"),
        ("tcp", "kernel"),
    ):
        path = tmp_path / f"{transport}-{mode}"
        options = ["--transport", transport, "--model-mode", mode, "-q", "-o", str(path)]
        assert harness("run", "micro.conv", *options, monkeypatch=monkeypatch) == 0
        result = json.loads((path / "result.json").read_text())
        found.append((result["latencies"], result["outputs"], result["breakdown"]))

    assert found[0] == found[1] == found[2] == found[3]
