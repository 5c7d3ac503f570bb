"""A whole dump as gem5 would print it, with every kind of line, for tests that need a real size."""

from __future__ import annotations

import random

from tests.stats.gem5_text import Style, dump_text, print_distribution, print_vector


def whole_dump(seed: int, *, spaces: bool = True, descriptions: bool = True) -> str:
    """Return one dump of some two hundred lines; the seed decides its numbers."""
    dice = random.Random(seed)
    style = Style(spaces=spaces, descriptions=descriptions)

    def scalar(name: str, value: float, unit: str) -> str:
        return style.line(name, value, description=f"what {name} counts (of all)", unit=unit)

    ticks = dice.randrange(10**8, 10**12)
    lines = [
        scalar("simSeconds", ticks / 1e12, "Second"),
        scalar("simTicks", ticks, "Tick"),
        scalar("finalTick", ticks + 1000, "Tick"),
        scalar("hostMemory", dice.randrange(10**6), "Byte"),
    ]
    for cpu in range(4):
        root = f"board.processor.cores{cpu}.core"
        lines.append(scalar(f"{root}.numCycles", dice.randrange(10**9), "Cycle"))
        counters = ("commitStats0.numInsts", "fetchStats0.numBranches")
        lines += [scalar(f"{root}.{name}", dice.randrange(10**9), "Count") for name in counters]
        lines.append(scalar(f"{root}.ipc", dice.random(), "(Count/Cycle)"))
        values = [dice.choice([0, 0.5, float("nan")]) for _ in range(10)]
        lines += [scalar(f"{root}.misc{i}", value, "") for i, value in enumerate(values)]
        opclass = {f"Op{i}": float(dice.randrange(10**6)) for i in range(8)}
        lines += print_vector(style, f"{root}.opClass", opclass, "class of op (Count)", "Count")
        counts = [float(dice.randrange(1000)) for _ in range(6)]
        lines += print_distribution(style, f"{root}.lat", counts, 10, "latency", "Tick")
    hist = [float(dice.randrange(1000)) for _ in range(10)]
    lines.append(style.one_line("board.ruby.delay_hist", hist, "delay", "Unspecified"))
    return dump_text(lines)
