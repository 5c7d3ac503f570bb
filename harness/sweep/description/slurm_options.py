"""What a sweep says about Slurm; everything else is Slurm's default."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from harness.base.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class SlurmOptions:
    """Options of sbatch, and how points become jobs.

    Attributes:
        partition: Where jobs go; empty for Slurm's default.
        account: Who pays.
        qos: Quality of service.
        constraint: Features that nodes must have.
        pack: Points that one task of an array does one after the other.
        parallel: Most tasks of an array at a time; 0 sets no limit.
        grace_s: Time for a point to end in good order when its time is up or it is preempted.
        extra: Further options of sbatch, "--mail-type=FAIL" each.
        setup: Shell lines before the worker starts: module load, source venv/bin/activate.
        environment: Names of variables that jobs inherit besides PATH, HOME and harness's own.
    """

    partition: str = ""
    account: str = ""
    qos: str = ""
    constraint: str = ""
    pack: int = 1
    parallel: int = 0
    grace_s: int = 30
    extra: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.pack < 1 or self.parallel < 0 or self.grace_s < 1:
            raise SpecError("slurm.pack, parallel or grace_s is too small")
        for each in self.extra:
            if not each.startswith("-"):
                raise SpecError("slurm.extra holds what is no option", got=repr(each))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def read_slurm_options(table: Mapping[str, Any]) -> SlurmOptions:
    """Read [slurm].

    Raises:
        SpecError: A key is unknown or a value has the wrong type.
    """
    types = {each.name: type(each.default) for each in fields(SlurmOptions)}
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in types:
            raise SpecError(f"unknown key {name!r}", expected=", ".join(types))
        is_list = types[name] is tuple
        found = [value] if is_list and isinstance(value, str) else value
        wanted = list if is_list else types[name]
        if type(found) is not wanted or (is_list and not all(type(e) is str for e in found)):
            raise SpecError(f"slurm.{name} has the wrong type", got=repr(value))
        values[name] = tuple(found) if is_list else found
    return SlurmOptions(**values)
