"""Large stats.txt files to measure readers with: gem5's columns, three mixtures of statistics."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FLAVOURS = ("scalars", "distributions", "one-line histograms")
_BEGIN = "\n---------- Begin Simulation Statistics ----------\n"
_END = "\n---------- End Simulation Statistics   ----------\n"
_BODIES = 4
_COMMENT = "Number of things that component {} saw, all kinds (read+write) (Count)"


def write_stats(path: Path, flavour: str, size_bytes: int) -> None:
    """Write dumps of some 6,000 lines each until the file is large enough."""
    dice = random.Random(7)
    bodies = [_body(flavour, dice).encode() for _ in range(_BODIES)]
    written = 0
    with path.open("wb") as file:
        while written < size_bytes:
            body = dice.choice(bodies)
            file.write(body)
            written += len(body)


def _body(flavour: str, dice: random.Random) -> str:
    lines = [_line("simTicks", str(dice.randrange(10**11)), "", "", "Ticks simulated (Tick)")]
    for number in range(60):
        root = f"system.cpu{number:02}.component"
        if flavour == "scalars":
            lines += [_scalar(f"{root}.counter{i:02}", dice, number) for i in range(99)]
        elif flavour == "distributions":
            lines += [each for i in range(8) for each in _distribution(f"{root}.dist{i}", dice)]
        else:
            lines += [_one_line(f"{root}.hist{i:02}", dice) for i in range(40)]
        lines.append(_line(f"{root}.ipc", f"{dice.random():.6f}", "", "", "IPC ((Count/Cycle))"))
    return _BEGIN + "".join(lines) + _END


def _line(name: str, value: str, first: str, second: str, comment: str) -> str:
    return f"{name:<40} {value:>12} {first:>10} {second:>10} # {comment}\n"


def _scalar(name: str, dice: random.Random, number: int) -> str:
    whole = str(dice.randrange(10 ** dice.randrange(1, 12)))
    value = dice.choice([whole, whole, f"{dice.random() * 1000:.6f}", "nan"])
    return _line(name, value, "", "", _COMMENT.format(number))


def _distribution(name: str, dice: random.Random) -> list[str]:
    counts = [dice.randrange(1, 10**6) for _ in range(8)]
    total, running, lines = sum(counts), 0, []
    for index, count in enumerate(counts):
        running += count
        shares = f"{count / total * 100:.2f}%", f"{running / total * 100:.2f}%"
        label = f"{name}::{index * 10}-{index * 10 + 9}"
        lines.append(_line(label, str(count), *shares, "waiting time (Tick)"))
    ends = (("samples", total), ("mean", total / 9), ("total", total))
    for key, value in ends:
        text = f"{value:.6f}" if key == "mean" else str(value)
        lines.append(_line(f"{name}::{key}", text, "", "", "waiting time (Tick)"))
    return lines


def _one_line(name: str, dice: random.Random) -> str:
    counts = [dice.randrange(1, 10**6) for _ in range(10)]
    total, running, cells = sum(counts), 0, ""
    for count in counts:
        running += count
        first, second = f"{count / total * 100:.2f}%", f"{running / total * 100:.2f}%"
        cells += f" |{count:>12} {first:>10} {second:>10}"
    return f"{name:<40}{cells} # latency by hops (Unspecified)\n"
