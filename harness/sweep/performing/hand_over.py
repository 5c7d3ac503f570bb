"""How a station gives one child several attempts: forking for each would cost more than its start.

A child that has made an attempt well says so and waits for the next one. One that saw a failure, or
that has grown, or that was interrupted, ends, so nothing of a bad run reaches another.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from harness.sweep.description.point import RUN
from harness.sweep.description.resources import resources_from_dict
from harness.sweep.state.task import Task

if TYPE_CHECKING:
    from harness.sweep.state.directory import SweepDirectory

READY = b"."
MOST_ATTEMPTS = 50
"""After so many attempts a child ends."""
_MOST_GROWTH_BYTES = 32 << 20
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_LONGEST_ORDER = 4096


def can_hand_over(task: Task) -> bool:
    """Tell whether a point's process may make other attempts too: it has no children of its own."""
    spec = task.point.work.get("spec", {})
    is_alone = spec.get("backend") == "soc" and spec.get("transport") == "inproc"
    return task.point.kind == RUN and is_alone


class HandOver:
    """Two pipes: orders to the child, reports from it."""

    def __init__(self) -> None:
        self._orders_out, self._orders_in = os.pipe()
        self._reports_out, self._reports_in = os.pipe()

    @property
    def reports(self) -> int:
        """The descriptor on which the station hears of the child."""
        return self._reports_out

    def be_station(self) -> None:
        """Keep the station's ends."""
        os.close(self._orders_out)
        os.close(self._reports_in)

    def be_child(self) -> None:
        """Keep the child's ends."""
        os.close(self._orders_in)
        os.close(self._reports_out)

    def close_station(self) -> None:
        """Close the station's ends; a child that waits for orders then ends."""
        os.close(self._orders_in)
        os.close(self._reports_out)

    def give(self, task: Task) -> bool:
        """Order the next attempt; False if the child is gone."""
        order = [task.point.id, task.number, task.resources.to_dict()]
        try:
            os.write(self._orders_in, json.dumps(order).encode())
        except BrokenPipeError:
            return False
        return True

    def has_reported(self) -> bool:
        """Read a report; False if the child has ended instead."""
        return os.read(self._reports_out, 1) == READY

    def next_task(self, directory: SweepDirectory) -> Task | None:
        """In the child: report that an attempt has ended well, and wait for the next one."""
        with suppress(BrokenPipeError):
            os.write(self._reports_in, READY)
            order = os.read(self._orders_out, _LONGEST_ORDER)
            if order:
                point, number, resources = json.loads(order)
                return Task(directory.by_id[point], number, resources_from_dict(resources))
        return None


class Growth:
    """Whether a child has grown since it began."""

    def __init__(self) -> None:
        self._begin_bytes = _own_bytes()

    @property
    def is_small(self) -> bool:
        """Whether what the attempts before left behind does no harm to the next."""
        return _own_bytes() - self._begin_bytes < _MOST_GROWTH_BYTES


def _own_bytes() -> int:
    """Return the memory that is this process's own: resident and not shared with the station."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - a hundred times a second
        return int(file.read().split()[1]) * _PAGE_BYTES
