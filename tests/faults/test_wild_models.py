from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.cli.main import main

MODEL = """
from accel_models.vector_mac import VectorMacEngine

class Wild(VectorMacEngine):
    def execute(self, command, memory):
        {line}
        return super().execute(command, memory)
"""
FAULTS = {
    "self.compute(cycles=(1 << 63) - 1, unit='mac')": "more cycles than simulated time has",
    "self.compute(cycles=1 << 50, unit='mac')": "limit of simulated time",
    "memory.read('input', 0, 16, rows=1 << 27)": "64 MiB",
    "memory.read('input', 1 << 40, 16)": "input",
    "memory.read('inputs', 0, 16)": "input, ",
    "memory.write('output', b'')": "output",
    "self.compute(cycles=1, unit='mca')": "convert, mac, vector",
    "self.compute(cycles=1.5, unit='mac')": "1.5",
    "self.compute(cycles='x', unit='mac')": "compute of x",
    "return 3": "mine.py",
    "raise MemoryError": "MemoryError",
    "raise RuntimeError('own words')": "own words",
    "import sys; sys.exit(0)": "SystemExit",
    "self.count('bad name', 1)": "bad name",
    "self.count('nan', float('nan'))": "nan",
}


@pytest.mark.parametrize("transport", ["inproc", "ipc"])
@pytest.mark.parametrize("line", FAULTS)
def test_what_a_model_must_not_do_ends_the_run_with_its_reason(
    line: str,
    transport: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(MODEL.format(line=line))
    options = ["--transport", transport, "-q", "-o", "run", "--max-ticks", str(10**15)]
    monkeypatch.setattr(sys, "argv", ["harness", "run", "minerva", "-a", "mine.py:Wild", *options])
    code = main()
    message = capsys.readouterr().err
    assert code == 1, message
    assert message.count("harness: error:") == 1
    assert FAULTS[line] in message
    assert "Traceback" not in message
    assert "internal error" not in message
    assert (tmp_path / "run" / "stats.txt").is_file()
    assert '"is_success": false' in (tmp_path / "run" / "result.json").read_text()
