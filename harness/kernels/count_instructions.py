"""Count the instructions of each routine with callgrind and write `costs.json`.

Run from the repository's root: `python -m harness.kernels.count_instructions`. Needs g++ and
valgrind with its headers (Debian: valgrind). The driver `count_driver.cc` runs each routine of
this very library in several sizes; instructions = call + rows x row + units x unit is fitted by
least squares with no negative part, relative errors minimised.
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
import tempfile
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
FLAGS = ("-std=c++17", "-O3", "-DNDEBUG", "-ffp-contract=off")
"""Flags of the release build; `-march` stays the compiler's baseline."""

Sample = tuple[int, int, int]
"""Rows, units, instructions."""


def build_driver(folder: Path) -> Path:
    """Compile the library and its driver."""
    driver = folder / "count_driver"
    sources = sorted(str(path) for path in HERE.glob("*.cc"))
    command = ["g++", *FLAGS, f"-I{HERE.parents[1]}", *sources, "-o", str(driver)]
    subprocess.run(command, check=True)
    return driver


def count(driver: Path, folder: Path) -> dict[str, list[Sample]]:
    """Run the driver under callgrind and collect samples per routine."""
    output = folder / "callgrind.out"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}", str(driver)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    samples: dict[str, list[Sample]] = {}
    for line in run.stdout.splitlines():
        number, name, rows, units = line.split()
        text = Path(f"{output}.{number}").read_text(encoding="utf-8")
        total = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
        if total is None:
            raise SystemExit(f"callgrind's dump {number} has no total")
        samples.setdefault(name, []).append((int(rows), int(units), int(total[1])))
    return samples


def fit(samples: list[Sample]) -> dict[str, float]:
    """Fit call, row and unit; of all subsets of terms, the best without negative ones."""
    table = np.array(samples, dtype=float)
    terms = np.column_stack([np.ones(len(table)), table[:, 0], table[:, 1]])
    scaled = terms / table[:, 2:]
    best: tuple[float, Any] = (np.inf, np.zeros(3))
    for count_of_terms in (3, 2, 1):
        for chosen in combinations(range(3), count_of_terms):
            columns = list(chosen)
            part, *_ = np.linalg.lstsq(scaled[:, columns], np.ones(len(table)), rcond=None)
            if (part < 0).any():
                continue
            values = np.zeros(3)
            values[columns] = part
            error = float(np.abs(scaled @ values - 1).mean())
            if error < best[0]:
                best = (error, values)
    call, row, unit = (round(float(value), 3) for value in best[1])
    return {"call": call, "row": row, "unit": unit}


def worst_error(cost: dict[str, float], samples: list[Sample]) -> float:
    """Return the largest relative error of a fit."""
    estimates = [
        cost["call"] + rows * cost["row"] + units * cost["unit"] for rows, units, _ in samples
    ]
    pairs = zip(estimates, samples, strict=True)
    return max(abs(estimate / sample[2] - 1) for estimate, sample in pairs)


def version(*command: str) -> str:
    """Return the first line of a tool's version text."""
    run = subprocess.run([*command, "--version"], check=True, capture_output=True, text=True)
    return run.stdout.splitlines()[0]


def main() -> None:
    """Write `costs.json`."""
    with tempfile.TemporaryDirectory() as name:
        samples = count(build_driver(Path(name)), Path(name))
    routines = {name: fit(samples[name]) for name in sorted(samples)}
    table = {
        "source": "callgrind on harness/kernels, by harness/kernels/count_instructions.py",
        "tools": {
            "compiler": version("g++"),
            "flags": " ".join(FLAGS),
            "instruction_set": platform.machine(),
            "valgrind": version("valgrind"),
        },
        "worst_relative_error": {
            name: round(worst_error(routines[name], samples[name]), 3) for name in routines
        },
        "routines": routines,
    }
    text = json.dumps(table, indent=2) + "\n"
    (HERE / "costs.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
