"""From values to runs of harness: which value is an option, which a field of the target."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.base.errors import HarnessError, SpecError
from harness.run.gem5_options import Gem5Options
from harness.run.request import RunRequest
from harness.run.spec import RunSpec
from harness.sweep.description.point import RUN, Point
from harness.sweep.planning.identity import RunIdentities
from harness.target.calibration import read_calibration
from harness.target.load import ALIASES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.sweep.description.space import Scalar
    from harness.sweep.description.sweep import Sweep

OPTIONS = {
    "workload": "workload",
    "target": "target",
    "accelerator": "accelerator",
    "policy": "policy",
    "model_mode": "mode",
    "transport": "transport",
    "threads": "threads",
    "repeat": "repeat",
    "cold": "cold",
    "input": "input",
    "seed": "seed",
    "deadline": "deadline_s",
    "max_ticks": "maximum_ticks",
    "check": "check",
    "backend": "backend",
    "mode": "simulation_mode",
    "cpu": "cpu",
    "boot": "boot",
    "submission": "submission",
}
"""Values that are options of `harness run`, and their fields of a run."""
CALIBRATION, GEM5 = "calibration", "gem5"
_TYPES: dict[str, Any] = {each.name: type(each.default) for each in fields(RunSpec)}
_TYPES["workload"] = str


def run_points(sweep: Sweep) -> Iterator[Point]:
    """Yield the runs of a sweep, each checked as far as can be without running it.

    Raises:
        HarnessError: A value is unknown or wrong; the message names the point and the place.
    """
    identities = RunIdentities()
    for index, values in enumerate(sweep.space.points):
        everything = {**sweep.run, **values}
        try:
            spec, binary = run_of(everything)
            request = RunRequest(spec, gem5=Gem5Options(binary=binary))
            found = identities.id_of(spec, request)
        except HarnessError as error:
            raise _placed(error, sweep, index, everything) from error
        work = {"spec": spec.to_dict(), "gem5": str(binary.absolute()) if binary else ""}
        shown = {"workload": spec.workload, **values}
        yield Point(found, index, RUN, shown, work, sweep.resources)


def run_of(values: Mapping[str, Scalar]) -> tuple[RunSpec, Path | None]:
    """Return the run that values describe, and the gem5 that they name.

    Raises:
        SpecError: A name is unknown, or a value has the wrong type.
    """
    own: dict[str, Any] = {}
    overrides: list[str] = []
    calibrated: list[str] = []
    for name, value in values.items():
        if name in OPTIONS:
            own[OPTIONS[name]] = _typed(name, value)
        elif name == CALIBRATION:
            calibrated += read_calibration(str(value))
        elif name in ALIASES or "." in name:
            overrides.append(f"{name}={_text(value)}")
        elif name != GEM5:
            raise _unknown(name)
    if "workload" not in own:
        raise SpecError("the sweep names no workload", expected='workload = "lenet5"')
    own.setdefault("transport", _transport(own))
    spec = RunSpec(**own, overrides=(*calibrated, *overrides))
    binary = values.get(GEM5)
    return spec, None if binary is None else Path(str(binary))


def _transport(own: Mapping[str, Any]) -> str:
    """Return the fastest way to the model; it does not change results."""
    from harness.bridge.load import is_program  # noqa: PLC0415 - only here

    is_outside = own.get("backend") == "gem5" or is_program(own.get("accelerator", ""))
    return "ipc" if is_outside else "inproc"


def _typed(name: str, value: Scalar) -> Any:
    wanted = _TYPES[OPTIONS[name]]
    if OPTIONS[name] == "input" and type(value) is int:
        return str(value)
    if type(value) is wanted or (wanted is float and type(value) is int):
        return wanted(value)
    raise SpecError(f"{name} has the wrong type", expected=wanted.__name__, got=repr(value))


def _text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unknown(name: str) -> SpecError:
    valid = [*OPTIONS, CALIBRATION, GEM5, *ALIASES]
    close = get_close_matches(name, valid, n=1)
    return SpecError(
        f"unknown value {name!r}",
        expected=f"{', '.join(valid)}, or a dotted field of the target",
        way_out=f"did you mean {close[0]!r}?" if close else "",
    )


def _placed(
    error: HarnessError, sweep: Sweep, index: int, values: Mapping[str, Scalar]
) -> SpecError:
    """Name the point, and the line of the value that the error is about if it names one."""
    key = _key_of(error, values)
    point = " ".join(f"{name}={value}" for name, value in values.items())
    inner = f" ({error.where})" if error.where else ""
    return SpecError(
        f"point {index} cannot run: {error.what}",
        where=f"{sweep.place(key)}{inner}",
        expected=error.expected,
        got=error.got or point,
        way_out=error.way_out,
    )


def _key_of(error: HarnessError, values: Mapping[str, Scalar]) -> str:
    """Return the name of the value that an error is about; empty if it does not say."""
    text = f"{error.what} {error.got}"
    words = text.replace('"', "'").split("'")
    names = sorted(values, key=len, reverse=True)
    found = [name for name in names if name in text or ALIASES.get(name, name) in text]
    found += [name for name in names if str(values[name]) in words]
    found += [name for name in names if error.where.endswith(f"--set {name}")]
    return next(iter(found), "")
