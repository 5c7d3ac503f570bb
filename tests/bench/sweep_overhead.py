"""What a sweep costs beyond its runs: the CPU of all, less what the runs themselves took."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.bench.networks import harness_argv
from tests.bench.processes import measure
from tests.bench.table import against_aim, milliseconds, print_table, seconds_text

AIM_S = 0.020
_POINTS = 100
_DESCRIPTION = f"""
name = "overhead"
[product]
workload = "minerva"
seed = {list(range(_POINTS))}
"""


def report_sweep_overhead() -> None:
    """Print the launcher's CPU for each run of a sweep of the embedded SoC."""
    with tempfile.TemporaryDirectory(prefix="harness-bench-") as folder:
        path, out = Path(folder, "overhead.toml"), Path(folder, "out")
        path.write_text(_DESCRIPTION)
        cost = measure(harness_argv("sweep", "run", str(path), "-o", str(out), "-q"))
        ends = [json.loads(each.read_text()) for each in (out / "state").glob("*.end")]
    own_s = sum(each["cpu_s"] for each in ends)
    overhead_s = (cost.cpu_s - own_s) / len(ends)
    print_table(
        f"10. A sweep of {len(ends)} points on this machine, planning and start-up included",
        ("", "CPU", "aim"),
        [
            ("all", seconds_text(cost.cpu_s), ""),
            ("one run", milliseconds(own_s / len(ends)), ""),
            (
                "launcher, for each run",
                milliseconds(overhead_s),
                against_aim(overhead_s, AIM_S, f"< {milliseconds(AIM_S)}"),
            ),
        ],
    )
