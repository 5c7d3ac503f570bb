"""When each CPU was in the kernel, and why it went there; full system only.

A probe on retired instructions logs the first one, and each change between user and kernel with the
first program counter on the other side. In the kernel that is the entry point, whose name says why.
What interrupts the kernel itself is not seen: it counts as part of the entry around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.base.errors import StatsError
from harness.run.gem5.binary_log import check_records, is_ordered, read_records

if TYPE_CHECKING:
    from pathlib import Path

    Array = np.ndarray[Any, np.dtype[Any]]

KERNEL_FILES = "kernel_time_*.bin"
WHAT = "the log of kernel time"
KERNEL_DTYPE = np.dtype([("tick", "<u8"), ("pc", "<u8")])
"""One change of privilege, 16 bytes; bit 63 of `pc` is set on the way in."""

END_OF_TIME = 2**62

ENTRY_SYMBOLS = {
    "asm_exc_page_fault": "page_fault",
    "entry_SYSCALL_64": "syscall",
    "asm_common_interrupt": "interrupt",
    "irq_entries_start": "interrupt",
    "asm_sysvec_apic_timer_interrupt": "timer",
    "asm_sysvec_reschedule_ipi": "reschedule_ipi",
}
"""Entry points of Linux 5.8 and later on x86-64 (arch/x86/include/asm/idtentry.h, entry_64.S).

Vectors of devices lead to the stubs at irq_entries_start, which jump to asm_common_interrupt.
"""

OTHER = "other"
"""An entry by another way, such as an exception of the FPU."""
UNNAMED = "kernel"
"""Every entry, where the kernel's symbols are not known."""
CLASSES = (*dict.fromkeys(ENTRY_SYMBOLS.values()), OTHER, UNNAMED)


@dataclass(frozen=True, slots=True)
class KernelTime:
    """Intervals [begin, end) in the kernel of one CPU, in order, each with an index of CLASSES."""

    cpu: int
    begin: Array
    end: Array
    entry: Array


class KernelSymbols:
    """Addresses of the kernel's functions, from `nm vmlinux` or System.map."""

    def __init__(self, addresses: Array, classes: Array) -> None:
        self._addresses = addresses
        self._classes = classes

    @classmethod
    def read(cls, path: Path) -> KernelSymbols:
        """Read a list of symbols.

        Raises:
            StatsError: The file is missing, malformed, or names none of the entry points.
        """
        by_address: dict[int, int] = {}
        other = CLASSES.index(OTHER)
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError as error:
            raise StatsError(
                f"cannot read the kernel's symbols: {error.strerror or error}", where=str(path)
            ) from error
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            address, kind, name = _symbol(line, f"{path}:{number}")
            if kind in "tTwW":  # code; two names of one address may both be there
                known = CLASSES.index(ENTRY_SYMBOLS.get(name, OTHER))
                by_address[address] = min(known, by_address.get(address, other))
        if all(each == other for each in by_address.values()):
            raise StatsError(
                "the kernel's symbols name no entry point that is known",
                where=str(path),
                expected=f"one or more of {', '.join(ENTRY_SYMBOLS)}",
            )
        addresses = np.array(sorted(by_address), dtype=np.uint64)
        classes = np.array([by_address[int(address)] for address in addresses], dtype=np.int64)
        return cls(addresses, classes)

    def classify(self, program_counters: Array) -> Array:
        """Return the index in CLASSES of each entry."""
        position = np.searchsorted(self._addresses, program_counters, side="right") - 1
        found: Array = np.where(position < 0, CLASSES.index(OTHER), self._classes[position])
        return found


def _symbol(line: str, where: str) -> tuple[int, str, str]:
    fields = line.split()
    if len(fields) == 2 and fields[0] in "Uwv":  # undefined symbols have no address
        return 0, "U", fields[1]
    try:
        address, kind, name = int(fields[0], 16), fields[1], fields[2]
    except (ValueError, IndexError) as error:
        raise StatsError(
            "not a line of nm", where=where, expected="ADDRESS TYPE NAME", got=repr(line[:80])
        ) from error
    if not 0 <= address < 2**64 or len(kind) != 1:
        raise StatsError("not a line of nm", where=where, got=repr(line[:80]))
    return address, kind, name


def read_kernel_time(directory: Path, symbols: KernelSymbols | None) -> dict[int, KernelTime]:
    """Read the logs of all CPUs that have one.

    Raises:
        StatsError: A log is cut off or out of order, or there is none.
    """
    logs = {}
    for path in sorted(directory.glob(KERNEL_FILES)):
        number = path.stem.rpartition("_")[2]
        if not number.isdecimal():
            raise StatsError(f"{WHAT} of no CPU", where=str(path))
        logs[int(number)] = _read(path, int(number), symbols)
    if not logs:
        raise StatsError(f"{WHAT} is missing", where=str(directory), expected=KERNEL_FILES)
    return dict(sorted(logs.items()))


def _read(path: Path, cpu: int, symbols: KernelSymbols | None) -> KernelTime:
    records = read_records(path, KERNEL_DTYPE, WHAT)
    ticks = records["tick"].astype(np.int64)
    good = is_ordered(ticks) & (records["tick"] < END_OF_TIME)
    check_records(path, records, good, f"{WHAT} is out of order", "ticks that never decrease")
    is_kernel = records["pc"] >> np.uint64(63) == 1
    # The first record is the state that the probe met. A state that repeats is no change.
    changes = np.ones(len(ticks), dtype=bool)
    changes[1:] = is_kernel[1:] != is_kernel[:-1]
    changes[:1] = is_kernel[:1]
    records, ticks, is_kernel = records[changes], ticks[changes], is_kernel[changes]
    begin, end = ticks[is_kernel], ticks[~is_kernel]
    if len(end) < len(begin):
        end = np.append(end, END_OF_TIME)
    entries = records["pc"][is_kernel]
    if symbols is None:
        entry = np.full(len(entries), CLASSES.index(UNNAMED), dtype=np.int64)
    else:
        entry = symbols.classify(entries)
    return KernelTime(cpu, begin, end, entry)
