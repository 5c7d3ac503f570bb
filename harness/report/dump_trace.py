"""A gem5 run's dumps as a Chrome trace: one slice per dump, one counter per metric."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from harness.report.trace_names import event_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.report.analysis.dump_series import DumpSeries

PROCESS = 1
THREAD = 1


def dump_trace_json(data: DumpSeries, title: str) -> Iterator[str]:
    """Yield the pieces of the trace's JSON text.

    A dump is about the time since the reset before it: its slice spans that time, and a counter
    has the dump's value from its beginning on. Dumps that do not say their ticks are left out.
    """
    head = json.dumps({"displayTimeUnit": "ns", "otherData": {"run": title}})
    yield head[:-1] + ',"traceEvents":[\n'
    yield ",\n".join(_events(data))
    yield "\n]}\n"


def _events(data: DumpSeries) -> Iterator[str]:
    for key, name, place in (
        ("process_name", "dumps of stats.txt", {}),
        ("thread_name", "dumps", {"tid": THREAD}),
    ):
        yield json.dumps({"ph": "M", "pid": PROCESS, **place, "name": key, "args": {"name": name}})
    spans = _spans(data)
    for index, (begin, end) in spans.items():
        yield (
            f'{{"ph":"X","pid":{PROCESS},"tid":{THREAD},"ts":{event_time(begin)},'
            f'"dur":{event_time(end - begin)},"name":"dump {index}","args":{{}}}}'
        )
    for each in data.series:
        name = json.dumps(f"{each.name} ({each.unit})" if each.unit else each.name)
        for index, (begin, _) in spans.items():
            value = each.values[index]
            if value is not None and math.isfinite(value):
                yield (
                    f'{{"ph":"C","pid":{PROCESS},"name":{name},"ts":{event_time(begin)},'
                    f'"args":{{"value":{json.dumps(value)}}}}}'
                )


def _spans(data: DumpSeries) -> dict[int, tuple[int, int]]:
    """Return begin and end of each dump; one that begins before another's end begins there.

    Dumps without a reset between them are about overlapping times, which one row cannot show.
    """
    spans: dict[int, tuple[int, int]] = {}
    last = 0
    for index, (ticks, final) in enumerate(zip(data.ticks, data.final_ticks, strict=True)):
        if ticks is not None and final is not None and final > last:
            spans[index] = (max(final - ticks, last), final)
            last = final
    return spans
