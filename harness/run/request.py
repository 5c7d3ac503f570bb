"""A request for one run: the RunSpec, where its files go, and what an old run promised."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from harness.base.errors import SpecError
from harness.run.gem5_options import Gem5Options
from harness.run.manifest import Manifest, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from harness.run.spec import RunSpec


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One run to execute.

    Attributes:
        spec: What decides the result.
        output: The run directory that the user chose; None for a numbered one.
        force: An old run in `output` may be replaced.
        record: File that every exchange with the model is written to.
        replay: Recording that answers in the model's place.
        debug_model: The user starts the model; there is no deadline.
        model_endpoint: Address to bind for a model that the user starts on another host.
        command_line: The user's arguments, for run.json.
        repeats: Directory of the old run that is repeated.
        promise: That run's run.json.
        gem5: What concerns gem5 itself.
    """

    spec: RunSpec
    output: str | None = None
    force: bool = False
    record: Path | None = None
    replay: Path | None = None
    debug_model: bool = False
    model_endpoint: str = ""
    command_line: tuple[str, ...] = ()
    repeats: Path | None = None
    promise: Manifest | None = None
    gem5: Gem5Options = field(default_factory=Gem5Options)

    def __post_init__(self) -> None:
        if self.record and self.replay:
            raise SpecError("--record and --replay exclude each other")
        if self.replay and not self.replay.is_file():
            raise SpecError("no such recording", where=str(self.replay))
        if self.record and self.record.is_dir():
            raise SpecError("--record names a directory", where=str(self.record))
        if self.record and not self.record.resolve().parent.is_dir():
            raise SpecError("no such directory for the recording", where=str(self.record))
        if self.debug_model and self.spec.transport == "inproc":
            raise SpecError("--debug-model needs --transport ipc or tcp")
        if self.model_endpoint:
            self._check_endpoint()
        if self.spec.backend != "gem5" and self.gem5 != Gem5Options():
            raise SpecError("--gem5 and its companions need --backend gem5")

    def _check_endpoint(self) -> None:
        if self.spec.transport != "tcp":
            raise SpecError("--model-endpoint needs --transport tcp")
        if self.replay:
            raise SpecError("--model-endpoint and --replay exclude each other")
        from harness.bridge.tcp import check_address  # noqa: PLC0415 - zmq, only for tcp

        check_address(self.model_endpoint)


def repeat_request(
    run: str,
    *,
    output: str | None = None,
    force: bool = False,
    transport: str = "",
    gem5: Path | None = None,
) -> RunRequest:
    """Return the request that repeats a run.

    Args:
        run: The old run's directory or run.json.
        output: Directory of the new run; None for a numbered one.
        force: An old run in `output` may be replaced.
        transport: Another transport than the old run's; it does not change results.
        gem5: The gem5 binary, if that was the old run's backend.
    """
    manifest, directory = read_manifest(run)
    spec = replace(manifest.spec, transport=transport) if transport else manifest.spec
    return RunRequest(
        spec,
        output=output,
        force=force,
        command_line=manifest.command_line,
        repeats=directory,
        promise=manifest,
        gem5=Gem5Options(binary=gem5),
    )
