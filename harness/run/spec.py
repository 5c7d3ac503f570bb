"""RunSpec: everything that decides a run besides the workload's and the target's own files.

It is written to run.json, so that a run can be repeated from its directory alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

POLICIES = ("traffic", "smaug")
MODES = ("kernel", "exact")
TRANSPORTS = ("ipc", "tcp", "inproc")
BACKENDS = ("soc", "gem5")
SIMULATION_MODES = ("se", "fs")
CPUS = ("timing", "o3", "atomic")
BOOTS = ("auto", "atomic", "kvm")
SUBMISSIONS = ("doorbell", "ioctl")
GEM5_FIELDS = {
    "simulation_mode": "mode",
    "cpu": "cpu",
    "boot": "boot",
    "submission": "submission",
}
"""Fields that only the backend gem5 has, and their options."""
MAXIMUM_THREADS = 1024
MAXIMUM_SEED = 2**63 - 1
MAXIMUM_TICKS = 2**62
"""53 days of simulated time."""
MAXIMUM_TIMEOUT_S = 10**8
"""Three years; longer ones do not fit the operating system's timers."""
DEFAULT_MODEL = ""
"""Empty: the model that the target names."""


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What the user asked for.

    Attributes:
        workload: Reference of the workload, as typed.
        target: Name or path of the target.
        overrides: "key=value" each, in the order given.
        accelerator: Reference of the accelerator model; empty for the target's.
        policy: Tiling policy.
        mode: How operand bytes reach the model.
        transport: How messages reach the model.
        threads: Threads of the modelled host, the dispatching one included.
        repeat: Inferences; the last one is reported unless `cold`.
        cold: Report the first inference, with cold caches.
        input: Number of the workload's input, or the path of a .npy or .npz file.
        seed: Seed of inputs that the workload does not ship, and of the model.
        deadline_s: Longest host time that the model may take for one answer.
        maximum_ticks: Simulated time after which the run ends; 0 means never.
        timeout_s: Host time after which the run ends; 0 means never.
        check: Compare the outputs with the reference execution.
        backend: "soc", the embedded SoC, or "gem5".
        simulation_mode: gem5's: "se" emulates system calls, "fs" boots Linux.
        cpu: gem5's CPU model.
        boot: How Linux boots to its checkpoint; "auto" takes KVM where that works.
        submission: How commands are submitted: a mapped doorbell or an ioctl.
    """

    workload: str
    target: str = "smaug"
    overrides: tuple[str, ...] = ()
    accelerator: str = DEFAULT_MODEL
    policy: str = "traffic"
    mode: str = "kernel"
    transport: str = "ipc"
    threads: int = 1
    repeat: int = 1
    cold: bool = False
    input: str = "0"
    seed: int = 0
    deadline_s: float = 60.0
    maximum_ticks: int = 0
    timeout_s: float = 0.0
    check: bool = True
    backend: str = "soc"
    simulation_mode: str = "se"
    cpu: str = "o3"
    boot: str = "auto"
    submission: str = "doorbell"

    def __post_init__(self) -> None:
        _check_choice("policy", self.policy, POLICIES)
        _check_choice("model-mode", self.mode, MODES)
        _check_choice("transport", self.transport, TRANSPORTS)
        _check_least("threads", self.threads, 1)
        _check_least("repeat", self.repeat, 1)
        _check_least("seed", self.seed, 0)
        _check_least("max-ticks", self.maximum_ticks, 0)
        _check_least("timeout", self.timeout_s, 0)
        _check_most("threads", self.threads, MAXIMUM_THREADS)
        _check_most("seed", self.seed, MAXIMUM_SEED)
        _check_most("max-ticks", self.maximum_ticks, MAXIMUM_TICKS)
        _check_most("timeout", self.timeout_s, MAXIMUM_TIMEOUT_S)
        if not self.deadline_s > 0:
            raise SpecError("--deadline is not positive", got=str(self.deadline_s))
        self._check_backend()

    def _check_backend(self) -> None:
        _check_choice("backend", self.backend, BACKENDS)
        _check_choice("mode", self.simulation_mode, SIMULATION_MODES)
        _check_choice("cpu", self.cpu, CPUS)
        _check_choice("boot", self.boot, BOOTS)
        _check_choice("submission", self.submission, SUBMISSIONS)
        if self.backend == "gem5":
            if self.transport != "ipc":
                raise SpecError("--backend gem5 needs --transport ipc", got=self.transport)
            return
        for name, default in _LATER_FIELDS.items():
            if getattr(self, name) != default:
                raise SpecError(f"--{GEM5_FIELDS[name]} needs --backend gem5")

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for run.json."""
        return {**asdict(self), "overrides": list(self.overrides)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], where: str) -> RunSpec:
        """Read `to_dict`'s data.

        Raises:
            SpecError: A field is unknown, missing or of the wrong type.
        """
        types = {each.name: type(each.default) for each in fields(cls)} | {"workload": str}
        data = {**_LATER_FIELDS, **data}
        if set(data) != set(types):
            odd = sorted(set(data) ^ set(types))
            raise SpecError("fields missing or unknown", where=where, got=", ".join(odd))
        values = {**data, "overrides": tuple(data["overrides"])}
        for name, value in values.items():
            is_right = isinstance(value, types[name]) or (
                types[name] is float and type(value) is int
            )
            if not is_right:
                raise SpecError(
                    f'"{name}" has the wrong type',
                    where=where,
                    expected=types[name].__name__,
                    got=repr(value),
                )
        return cls(**values)


_LATER_FIELDS = {
    each.name: each.default for each in fields(RunSpec) if each.name in {"backend", *GEM5_FIELDS}
}
"""What run.json of older versions lacks."""


def _check_choice(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise SpecError(
            f"--{option}: unknown value", expected=" or ".join(choices), got=repr(value)
        )


def _check_most(option: str, value: float, most: int) -> None:
    if not value <= most:
        raise SpecError(f"--{option} is too large", expected=f"{most} or less", got=str(value))


def _check_least(option: str, value: float, least: int) -> None:
    if not value >= least:
        raise SpecError(f"--{option} is too small", expected=f"{least} or more", got=str(value))
