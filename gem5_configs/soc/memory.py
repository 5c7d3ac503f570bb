# SPDX-License-Identifier: BSD-3-Clause
"""DRAM controllers from the target's own DRAM numbers, not from a preset of gem5's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m5.objects import DRAMInterface, MemCtrl
from m5.params import AddrRange

if TYPE_CHECKING:
    from types import SimpleNamespace

BITS_PER_BYTE = 8
BEATS_PER_CLOCK = 2
"""Double data rate: all parts that the target describes."""
TURNAROUND_CLOCKS = 2
"""Read to write on the data bus. Source: gem5 src/mem/DRAMInterface.py `tRTW`, 2 tCK, as in
harness/soc/configuration.py."""
_LATENCIES = (
    "tCK",
    "tCL",
    "tRCD",
    "tRP",
    "tRAS",
    "tBURST",
    "tWR",
    "tRTP",
    "tRRD",
    "tWTR",
    "tRFC",
    "tREFI",
)


def interleaved_ranges(
    memory: AddrRange, spec: SimpleNamespace, line_bytes: int
) -> list[AddrRange]:
    """Return one address range per channel; they alternate by line or burst, whatever is larger.

    As harness/soc/memory/memory_hub.cc. gem5's XOR hash of the channel bits stays off.
    """
    if spec.channels == 1:
        return [memory]
    channel_bits = spec.channels.bit_length() - 1
    piece_bits = max(line_bytes, spec.burst_bytes).bit_length() - 1
    return [
        AddrRange(
            memory.start,
            size=memory.size(),
            intlvHighBit=piece_bits + channel_bits - 1,
            xorHighBit=0,
            intlvBits=channel_bits,
            intlvMatch=channel,
        )
        for channel in range(spec.channels)
    ]


def dram_interface(spec: SimpleNamespace, address_range: AddrRange) -> DRAMInterface:
    """Return one channel.

    The devices of a rank answer together, so they are one device here, with the width of the
    channel and its row buffer. What the target does not have is off, as in the embedded SoC:
    activation window, rank-to-rank gap, power-down.
    """
    beats = max(1, round(BEATS_PER_CLOCK * spec.tBURST_ticks / spec.tCK_ticks))
    is_exact = spec.burst_bytes * BITS_PER_BYTE % beats == 0
    beats = beats if is_exact else BITS_PER_BYTE
    capacity = _power_of_two(address_range.size())  # of an interleaved range: its share
    has_groups = spec.bank_groups > 1
    return DRAMInterface(
        range=address_range,
        addr_mapping="RoRaBaCoCh",
        page_policy="open_adaptive",
        device_size=f"{capacity // spec.ranks}B",
        device_bus_width=spec.burst_bytes * BITS_PER_BYTE // beats,
        burst_length=beats,
        beats_per_clock=BEATS_PER_CLOCK,
        device_rowbuffer_size=f"{spec.row_bytes}B",
        devices_per_rank=1,
        ranks_per_channel=spec.ranks,
        banks_per_rank=spec.banks,
        bank_groups_per_rank=spec.bank_groups if has_groups else 0,
        read_buffer_size=spec.read_queue_entries,
        write_buffer_size=spec.write_queue_entries,
        tCCD_L=_time(max(spec.tCCD_L_ticks, spec.tBURST_ticks + 1) if has_groups else 0),
        tRRD_L=_time(spec.tRRD_ticks if has_groups else 0),
        tRTW=_time(TURNAROUND_CLOCKS * spec.tCK_ticks),
        tCS=_time(0),
        tXAW=_time(0),
        activation_limit=0,
        **{name: _time(getattr(spec, f"{name}_ticks")) for name in _LATENCIES},
    )


def memory_controllers(memory: AddrRange, spec: SimpleNamespace, line_bytes: int) -> list[MemCtrl]:
    """Return one controller per channel; their `port` is still open."""
    return [
        MemCtrl(
            dram=dram_interface(spec, channel_range),
            static_frontend_latency=_time(spec.frontend_latency_ticks),
            static_backend_latency=_time(spec.backend_latency_ticks),
        )
        for channel_range in interleaved_ranges(memory, spec, line_bytes)
    ]


def _power_of_two(size_bytes: int) -> int:
    """Return the size as gem5 rounds it up (MemInterface's capacity)."""
    return 1 << max(size_bytes - 1, 1).bit_length()


def _time(ticks: int) -> str:
    return f"{ticks}ps"
