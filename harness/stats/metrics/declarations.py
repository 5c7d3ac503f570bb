"""The canonical metrics, as data: a name, a unit, and one formula for each family of names.

The first formula whose statistics are all there counts. Families: v21 and later (camelCase), with
the renamings of v23.0 (commitStats) and v23.1 (dramBytesRead); v20 and before (snake_case); Ruby's
caches; harness's own SoC. `*` covers roots and objects: `system.`, `board.`, `testsys.`, `cpu`,
`cpu0`, `switch_cpus`, `processor.cores0.core`.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.base.errors import StatsError
from harness.stats.metrics.dimension import dimension_of


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: Canonical name.
        unit: gem5's unit that every formula must come to.
        formulas: Alternatives, in order of preference. `@name` stands for another metric.
        text: What it is, and how it is put together from several cores.
    """

    name: str
    unit: str
    formulas: tuple[str, ...]
    text: str

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise StatsError("a metric's name is one word", got=self.name)
        dimension_of(self.unit)


@dataclass(frozen=True, slots=True)
class UnitTrap:
    """Statistics whose printed unit is not that of their number.

    Attributes:
        pattern: Their names.
        phrase: Must stand in the description; empty: any.
        unit: What gem5 prints, or leaves out before v21.
        factor: The number times this is in `unit`.
    """

    pattern: str
    phrase: str
    unit: str
    factor: float


UNIT_TRAPS = (
    # base/hostinfo.cc: VmSize of /proc/self/status, in KiB.
    UnitTrap("*hostMemory", "", "Byte", 1024.0),
    UnitTrap("*host_mem_usage", "", "Byte", 1024.0),
    # mem/dram_interface.cc: DRAMPower's picojoules and milliwatts.
    UnitTrap("*nergy", "(pJ)", "Joule", 1e-12),
    UnitTrap("*averagePower", "(mW)", "Watt", 1e-3),
)
"""Source: gem5 v24.0, src/base/hostinfo.cc, src/mem/dram_interface.cc."""

_L1I = ("*.icache", "*.l1i-cache-*", "*.l1icache*", "*.il1*", "*.l1i")
_L1D = ("*.dcache", "*.l1d-cache-*", "*.l1dcache*", "*.dl1*", "*.l1d")
_L2 = ("*.l2", "*.l2c", "*.l2cache*", "*.l2-cache-*", "*.l2_cache*", "*.l2_shared")
_L3 = ("*.l3", "*.l3cache*", "*.l3-cache*", "*.llc", "*.l3_cache*")


def _mpki(level: str, objects: tuple[str, ...], ruby: str) -> Metric:
    names = ("demandMisses", "demand_misses", "overallMisses", "overall_misses")
    sums = ["|".join(f"{each}.{name}" for each in objects) for name in names]
    sums.append(f"*.{ruby}.m_demand_misses")
    return Metric(
        f"{level}_mpki",
        "Ratio",
        tuple(f"1000 * sum({each}) / @instructions" for each in sums),
        f"demand misses of all {level} caches per 1000 instructions",
    )


INSTRUCTION_COUNTERS = (
    "sum(*.commitStats*.numInsts)",
    "sum(*.committedInsts)",
    "sum(*.exec_context.thread_*.numInsts)",
    "system.host.numInsts",
)
"""The CPUs' own counters of committed instructions, which a reset of statistics sets back."""

METRICS = (
    Metric("seconds", "Second", ("simSeconds", "sim_seconds"), "simulated time of the dump"),
    Metric("ticks", "Tick", ("simTicks", "sim_ticks"), "simulated ticks of the dump"),
    Metric(
        "instructions",
        "Count",
        (
            *INSTRUCTION_COUNTERS,
            "simInsts",  # last: a reset leaves it alone (v24.0, src/cpu/base.cc, GlobalStats), so
            "sim_insts",  # that it grows from dump to dump while cycles begin anew
        ),
        "committed instructions of all cores; by simInsts, since the start of the simulation",
    ),
    Metric("cycles", "Cycle", ("max(*cpu*.numCycles|*.core.numCycles)",), "of the busiest core"),
    Metric(
        "ipc",
        "(Count/Cycle)",
        ("@instructions / @cycles",),
        "instructions of all cores per cycle of the busiest one",
    ),
    Metric(
        "cpi",
        "(Cycle/Count)",
        ("sum(*cpu*.numCycles|*.core.numCycles) / @instructions",),
        "cycles of all cores per instruction of all cores",
    ),
    _mpki("l1i", _L1I, "L1Icache"),
    _mpki("l1d", _L1D, "L1Dcache"),
    _mpki("l2", _L2, "L2cache"),
    _mpki("l3", _L3, "L3cache"),
    Metric(
        "branch_mpki",
        "Ratio",
        (
            "1000 * sum(*.branchPred.mispredicted_0) / @instructions",
            "1000 * sum(*.commit.branchMispredicts) / @instructions",
            "1000 * sum(*.branchPred.condIncorrect|*.BPredUnit.condIncorrect) / @instructions",
        ),
        "mispredicted branches of all cores per 1000 instructions",
    ),
    *(
        Metric(
            f"dram_{way}_bandwidth",
            "(Byte/Second)",
            (
                f"sum(*.dramBytes{verb}) / @seconds",
                f"sum(*.dram.bytes{verb}|*.nvm.bytes{verb}) / @seconds",
                f"sum(*mem_ctrl*.bytes{old}|*physmem*.bytes{old}) / @seconds",
                f"sum(*mem_ctrl*.bytes{verb}Sys|*physmem*.bytes{verb}Sys) / @seconds",
                f"sum(*mem_ctrl*.bytes_{verb.lower()}|*physmem*.bytes_{verb.lower()}) / @seconds",
            ),
            f"bytes {verb.lower()} by all DRAM channels per simulated second",
        )
        for way, verb, old in (("read", "Read", "ReadDRAM"), ("write", "Written", "Written"))
    ),
    Metric(
        "dram_row_hit_rate",
        "Ratio",
        (
            "( optional(*.dram.readRowHits) + optional(*.dram.writeRowHits) )"
            " / ( sum(*.dram.readBursts) + optional(*.dram.writeBursts) )",
            "( optional(*.readRowHits) + optional(*.writeRowHits) )"
            " / ( sum(*.readBursts) + optional(*.writeBursts) )",
        ),
        "row buffer hits of reads and writes per burst, all channels",
    ),
    Metric(
        "dram_energy",
        "Joule",
        ("sum(*.rank*.totalEnergy)", "sum(*_0.totalEnergy|*_1.totalEnergy)"),
        "of all ranks, as gem5's DRAM power model has it",
    ),
    Metric("dram_power", "Watt", ("@dram_energy / @seconds",), "mean over the simulated time"),
    Metric("host_seconds", "Second", ("hostSeconds", "host_seconds"), "wall time of the simulator"),
    Metric(
        "host_kips",
        "(Count/Second)",
        ("@instructions / @host_seconds / 1000",),
        "thousands of simulated instructions per second of the host",
    ),
    Metric("slowdown", "Ratio", ("@host_seconds / @seconds",), "host time per simulated time"),
    Metric(
        "host_memory",
        "Byte",
        ("hostMemory", "host_mem_usage"),
        "virtual memory of the simulator (gem5 prints KiB and says Byte)",
    ),
)
