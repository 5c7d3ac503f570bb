"""The views that `harness results` answers from: every column with its type and its meaning."""

from __future__ import annotations

from dataclasses import dataclass

TEXT = "VARCHAR"
WHOLE = "BIGINT"
REAL = "DOUBLE"
FLAG = "BOOLEAN"

PARAMETER_PREFIX = "p_"
"""A swept parameter `l2.size` is the column `p_l2_size` of `runs`."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a view."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class View:
    """One view; all but `runs` name their run in the column `run`."""

    name: str
    meaning: str
    columns: tuple[Column, ...]


_RUN = Column("run", TEXT, "the run's name, as in runs.run")

RUNS = View(
    "runs",
    "one row per run; a swept parameter NAME is the column p_NAME, other characters become _",
    (
        Column("run", TEXT, "name: the directory's, in a sweep the point's id"),
        Column("path", TEXT, "the run's directory"),
        Column("kind", TEXT, "run, launch or gem5"),
        Column("sweep", TEXT, "name of the sweep; NULL outside of one"),
        Column("point", WHOLE, "index in the sweep; NULL outside of one"),
        Column(
            "ending", TEXT, "class of the end: success, max tick, crash, ...; gem5: not recorded"
        ),
        Column("is_success", FLAG, "whether the ending is success"),
        Column("exit_cause", TEXT, "the end in the run's own words"),
        Column("message", TEXT, "the error's text"),
        Column("workload", TEXT, "as typed"),
        Column("graph", TEXT, "name of the network"),
        Column("target", TEXT, "name of the target"),
        Column("backend", TEXT, "soc or gem5"),
        Column("simulation_mode", TEXT, "gem5's: se or fs"),
        Column("cpu", TEXT, "gem5's CPU model"),
        Column("model", TEXT, "the accelerator's model"),
        Column("accelerators", WHOLE, "instances of it"),
        Column("interface", TEXT, "its memory interface"),
        Column("coherent", FLAG, "whether DMA is coherent"),
        Column("policy", TEXT, "tiling policy"),
        Column("mode", TEXT, "kernel or exact"),
        Column("threads", WHOLE, "host threads"),
        Column("seed", WHOLE, "seed of inputs and model"),
        Column(
            "latency_ticks",
            WHOLE,
            "reported inference, or all of a gem5 run's dumps; 1 tick = 1 ps",
        ),
        Column("latency_ms", REAL, "the same in milliseconds"),
        Column("load_ticks", WHOLE, "from the guest's start until program and weights were there"),
        Column("final_tick", WHOLE, "simulated time at the end"),
        Column("inferences", WHOLE, "inferences that were measured"),
        Column("macs", WHOLE, "multiply-accumulates of one inference"),
        Column("moved_bytes", WHOLE, "bytes through the accelerators' interfaces, one inference"),
        Column("energy_joules", REAL, "accelerators' energy of one inference, as the model states"),
        Column("exchanges", WHOLE, "turns taken with the model"),
    ),
)
PARAMETERS = View(
    "parameters",
    "swept parameters, one row each",
    (
        _RUN,
        Column("name", TEXT, "as the sweep spells it"),
        Column("value", TEXT, "as the sweep spells it"),
        Column("number", REAL, "the value as a number, sizes in bytes; NULL for words"),
    ),
)
INFERENCES = View(
    "inferences",
    "every inference of a run; the first is cold",
    (
        _RUN,
        Column("inference", WHOLE, "index from 0"),
        Column("latency_ticks", WHOLE, "its ticks"),
        Column("is_reported", FLAG, "whether phases and operators are about it"),
    ),
)
PHASES = View(
    "phases",
    "the reported inference by phase; a run's rows add up to its latency",
    (
        _RUN,
        Column("part", TEXT, "accelerator, data movement or CPU software"),
        Column("phase", TEXT, "compute, transfer, flush, ..."),
        Column("ticks", WHOLE, "its ticks"),
        Column("share", REAL, "of the inference, 0 to 1"),
    ),
)
OPERATORS = View(
    "operators",
    "the reported inference by operator; (none) is time that belongs to none",
    (
        _RUN,
        Column("operator", WHOLE, "index in the program; -1 for none"),
        Column("name", TEXT, "the operator's name"),
        Column("op", TEXT, "conv2d, mat_mul, ..."),
        Column("macs", WHOLE, "multiply-accumulates"),
        Column("ticks", WHOLE, "its ticks"),
    ),
)
OPERATOR_PHASES = View(
    "operator_phases",
    "operators split by phase",
    (
        _RUN,
        Column("operator", WHOLE, "index in the program; -1 for none"),
        Column("phase", TEXT, "the phase"),
        Column("ticks", WHOLE, "its ticks"),
    ),
)
ACCELERATORS = View(
    "accelerators",
    "every accelerator over the reported inference",
    (
        _RUN,
        Column("accelerator", WHOLE, "its number"),
        Column("commands", WHOLE, "commands that it executed"),
        Column("command_ticks", WHOLE, "ticks with a command"),
        Column("transfer_ticks", WHOLE, "ticks with a transfer"),
    ),
)
UNITS = View(
    "units",
    "busy time of every unit of every accelerator",
    (
        _RUN,
        Column("accelerator", WHOLE, "its number"),
        Column("unit", TEXT, "mac, vector, ..."),
        Column("busy_ticks", WHOLE, "ticks that it was busy"),
    ),
)
INTERFACES = View(
    "interfaces",
    "bytes that every accelerator moved",
    (
        _RUN,
        Column("accelerator", WHOLE, "its number"),
        Column("interface", TEXT, "dma, acp, cache or direct"),
        Column("bytes", WHOLE, "bytes moved"),
    ),
)
ENERGIES = View(
    "energies",
    "the model's energies, over all inferences of a run",
    (
        _RUN,
        Column("part", TEXT, "what consumed it"),
        Column("joules", REAL, "how much"),
        Column("description", TEXT, "its source, in the model's words"),
    ),
)
COUNTERS = View(
    "counters",
    "what the guest counted (gem5)",
    (_RUN, Column("name", TEXT, "the counter"), Column("value", REAL, "its value")),
)
PROVENANCE = View(
    "provenance",
    "hashes and versions that a result depends on",
    (
        _RUN,
        Column("kind", TEXT, "hash or version"),
        Column("name", TEXT, "of what"),
        Column("value", TEXT, "SHA-256, or the version"),
    ),
)
STATS = View(
    "stats",
    "every line of every dump of stats.txt, gem5's own included",
    (
        _RUN,
        Column("dump", "INTEGER", "index from 0"),
        Column("name", TEXT, "full name: system.l2.misses::total"),
        Column("base", TEXT, "the name before ::"),
        Column("element", TEXT, "what follows ::; NULL for scalars"),
        Column("value", REAL, "the value"),
        Column("unit", TEXT, "gem5's unit"),
        Column("kind", TEXT, "scalar, vector, ..."),
    ),
)

TABLES = (
    *(RUNS, PARAMETERS, INFERENCES, PHASES, OPERATORS, OPERATOR_PHASES, ACCELERATORS, UNITS),
    *(INTERFACES, ENERGIES, COUNTERS, PROVENANCE),
)
"""Views that result.json and point.json fill."""
VIEWS = (*TABLES, STATS)
