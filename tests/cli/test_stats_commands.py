"""`harness stats` as users type it: what it prints, and its exit codes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.cli.main import main
from harness.stats.reader import parse_stats
from tests.stats.big_text import whole_dump

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]

DUMPS = [whole_dump(seed) for seed in range(3)]
VALUES = [dump.to_dict() for dump in parse_stats("".join(DUMPS))]
CORE = "board.processor.cores0.core"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("stats.txt").write_text("".join(DUMPS))
    for name, dump in (("a", DUMPS[0]), ("b", DUMPS[1])):
        Path(name).mkdir()
        Path(name, "stats.txt").write_text(dump)
    return tmp_path


@pytest.fixture
def run(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    assert place.is_dir()

    def call(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["harness", "stats", *args])
        code = main()
        out, err = capsys.readouterr()
        return code, out, err

    return call


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_show_is_the_default(run: Run) -> None:
    code, out, _ = run("stats.txt", "simTicks")

    assert code == 0
    assert str(VALUES[2]["simTicks"]) in out
    assert (code, out) == run("show", "stats.txt", "simTicks")[:2]
    assert run("--dump", "2", "stats.txt", "simTicks")[1] == out.replace("last dump", "dump 2")


def test_a_file_called_like_a_command_is_reached_by_its_path(run: Run) -> None:
    shutil.copy("stats.txt", "list")

    assert str(VALUES[2]["simTicks"]) in run("./list", "simTicks")[1]


@pytest.mark.parametrize(
    ("choice", "indices"),
    [("first", [0]), ("last", [2]), ("all", [0, 1, 2]), ("1", [1]), ("1..2", [1, 2])],
)
def test_dumps_are_chosen(run: Run, choice: str, indices: list[int]) -> None:
    code, out, _ = run("stats.txt", "simTicks", "--dump", choice, "--format", "csv")

    assert code == 0
    shown = [row["value"] for row in _rows(out) if row["value"] != "value"]
    assert shown == [str(VALUES[index]["simTicks"]) for index in indices]


def test_formats_are_exact(run: Run) -> None:
    text = run("stats.txt", f"{CORE}.*", "-f", "json")[1]
    rows = json.loads(text, parse_constant=pytest.fail)

    assert {row["name"]: str(row["value"]) for row in rows} == {
        name: str(value) for name, value in VALUES[2].items() if name.startswith(f"{CORE}.")
    }


def test_list_shows_dumps_and_names(run: Run) -> None:
    rows = _rows(run("list", "stats.txt", "-f", "csv")[1])
    assert [row["simTicks"] for row in rows] == [str(each["simTicks"]) for each in VALUES]
    names = _rows(run("list", "stats.txt", "*.lat", "--names", "-f", "csv")[1])
    assert len(names) == 4
    assert {row["kind"] for row in names} == {"distribution"}
    assert "simTicks" in run("list", "a", "--names")[1]


def test_grep_says_file_name_and_value(run: Run) -> None:
    code, out, _ = run("grep", "simT*", "a", "b")

    assert code == 0
    assert out.splitlines() == [
        f"a:simTicks {VALUES[0]['simTicks']}",
        f"b:simTicks {VALUES[1]['simTicks']}",
    ]
    assert run("grep", "nothing", "a")[:2] == (1, "")


def test_table_has_runs_as_rows(run: Run) -> None:
    metric = "ratio = simTicks / finalTick"
    code, out, _ = run("table", "a", "b", "-s", "simTicks", "-m", metric, "-f", "csv")

    assert code == 0
    first, second = _rows(out)
    assert (first["run"], first["simTicks"]) == ("a", str(VALUES[0]["simTicks"]))
    assert float(second["ratio"]) == VALUES[1]["simTicks"] / VALUES[1]["finalTick"]


def test_absent_statistics_follow_the_policy(run: Run) -> None:
    path = Path("b", "stats.txt")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("hostMemory")))

    def cell(policy: str) -> str:
        out = run("table", "a", "b", "-s", "hostM*", "--absent", policy, "-f", "csv")[1]
        return _rows(out)[1]["hostMemory"]

    assert cell("zero") == "0"
    assert cell("nan") == ""
    code, _, err = run("table", "a", "b", "-s", "hostM*", "--absent", "error")
    assert (code, "hostMemory" in err) == (2, True)
    assert "absent: hostMemory in 1 of 2 (b)" in run("table", "a", "b", "-s", "hostM*")[1]


def test_diff_ends_as_diff_does(run: Run) -> None:
    assert run("diff", "a", "a")[0] == 0
    code, out, _ = run("diff", "a", "b", "simTicks", "-f", "csv")
    assert code == 1
    (row,) = _rows(out)
    assert float(row["B-A"]) == VALUES[1]["simTicks"] - VALUES[0]["simTicks"]
    share = abs(VALUES[1]["simTicks"] - VALUES[0]["simTicks"]) / max(
        VALUES[0]["simTicks"], VALUES[1]["simTicks"]
    )
    assert run("diff", "a", "b", "simTicks", "-t", str(share * 1.01))[0] == 0
    assert run("diff", "a", "b", "simTicks", "-t", str(share * 0.99))[0] == 1
    assert run("diff", "a", "b", "nothing")[0] == 2
    assert run("diff", "stats.txt", "a", "--dump", "all")[0] == 2


def test_series_has_dumps_as_rows(run: Run) -> None:
    rows = _rows(run("series", "stats.txt", "simTicks", "-m", "ticks", "-f", "csv")[1])

    assert [row["dump"] for row in rows] == ["0", "1", "2"]
    assert [row["simTicks"] for row in rows] == [str(each["simTicks"]) for each in VALUES]
    assert all(row["ticks"] == row["simTicks"] for row in rows)


@pytest.mark.parametrize("ending", ["svg", "pdf", "png"])
def test_plots_are_the_same_bytes_each_time(run: Run, ending: str) -> None:
    pytest.importorskip("matplotlib")
    for name in ("x", "y"):
        assert run("plot", "stats.txt", "-s", "simTicks", "-o", f"{name}.{ending}")[0] == 0
    assert Path(f"x.{ending}").read_bytes() == Path(f"y.{ending}").read_bytes()
    assert run("plot", "a", "b", "-m", "ticks", "-o", f"z.{ending}")[0] == 0
    assert run("plot", "stats.txt", "-s", "simTicks", "-o", "x.txt")[0] == 2
    assert run("plot", "stats.txt", "-s", "*", "-o", f"z.{ending}")[0] == 2


def test_metrics_are_listed_and_evaluated(run: Run) -> None:
    assert "l2_mpki" in run("metrics")[1]
    code, out, _ = run("metrics", "a", "-m", "cycles", "-m", "x [Tick] = simTicks", "-f", "csv")

    assert code == 0
    cycles, own = _rows(out)
    assert float(cycles["value"]) == max(
        VALUES[0][f"board.processor.cores{i}.core.numCycles"] for i in range(4)
    )
    assert (own["unit"], own["unit checked"]) == ("Tick", "yes")
    assert run("metrics", "a", "-m", "x [Byte] = simTicks")[0] == 2
    assert run("metrics", "a", "-m", "none")[0] == 2


def test_one_wrong_unit_does_not_hide_the_other_metrics(run: Run) -> None:
    path = Path("a", "stats.txt")
    path.write_text(path.read_text().replace("(of all) (Cycle)", "(of all) (Count)"))
    code, out, _ = run("metrics", "a")

    assert code == 0
    assert "seconds" in out
    assert "refused: cycles: metric cycles does not come out in its unit" in out
    assert run("metrics", "a", "-m", "cycles")[0] == 2


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_exports_have_all_rows(run: Run, ending: str) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    code, out, _ = run("export", "stats.txt", "-o", f"out.{ending}")

    assert code == 0
    assert f"{sum(map(len, VALUES))} rows" in out
    assert Path(f"out.{ending}").stat().st_size
    assert run("export", "stats.txt", "-o", "out.xls")[0] == 2
    assert run("export", "stats.txt", "-o", f"no/such/out.{ending}")[0] == 2


def test_follow_prints_dumps_as_they_come(run: Run) -> None:
    path = Path("grow.txt").resolve()

    def write() -> None:
        for dump in DUMPS:
            time.sleep(0.05)
            with path.open("a") as file:
                file.write(dump)

    writer = threading.Thread(target=write)
    writer.start()
    code, out, _ = run("follow", "grow.txt", "simTicks", "--count", "3", "--interval", "0.01")
    writer.join()

    assert code == 0
    assert [line.strip() for line in out.splitlines() if "simTicks" in line] == [
        f"simTicks {each['simTicks']}" for each in VALUES
    ]


def test_compressed_files_and_directories_are_read_alike(run: Run) -> None:
    Path("c").mkdir()
    Path("c", "stats.txt.gz").write_bytes(gzip.compress(DUMPS[0].encode()))

    assert run("diff", "a", "c")[0] == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "an empty file"),
        ("hello\n", "no Begin line"),
        ("\n---------- Begin Simulation Statistics ----------\na x\n", "bad.txt:3:3"),
    ],
)
@pytest.mark.parametrize("command", ["show", "list", "metrics", "series"])
def test_bad_files_are_the_users_error(run: Run, command: str, content: str, message: str) -> None:
    Path("bad.txt").write_text(content)
    arguments = ["a"] if command == "series" else []
    code, _, err = run(command, "bad.txt", *arguments)

    assert code == 2
    assert message in err


def test_a_directory_without_statistics_says_so(run: Run) -> None:
    Path("empty").mkdir()
    code, _, err = run("empty")

    assert (code, "holds no statistics" in err) == (2, True)
    assert run("stats.txt", "--dump", "3")[0] == 2
    assert run("stats.txt", "--dump", "2..1")[0] == 2
    assert run("stats.txt", "nothing.*")[0] == 2
