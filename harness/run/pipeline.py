"""From a request to a run directory: model, graph, program, simulation, evidence.

The model's process starts first and boots while the graph is built. Until the simulation begins, a
failure leaves nothing behind; from then on, what was measured is kept whatever happens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.base.errors import ExitCode, HarnessError
from harness.run.directory import RUN_JSON, RunDirectory
from harness.run.manifest import Manifest, versions
from harness.run.model_session import ModelSession
from harness.run.prepared import PreparedRun
from harness.run.reference import default_name
from harness.run.watch import held, undisturbed, watched

if TYPE_CHECKING:
    from pathlib import Path

    from harness.bridge.connection import ModelConnection
    from harness.run.case import Case
    from harness.run.gem5.setup import Gem5Setup
    from harness.run.prepared import Progress, Simulation
    from harness.run.request import RunRequest
    from harness.run.result import RunResult
    from harness.target import Target


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run that began, and how it ended."""

    result: RunResult
    directory: Path
    exit_code: ExitCode


def execute(request: RunRequest, progress: Progress) -> FinishedRun:
    """Run a workload.

    Raises:
        HarnessError: The run could not begin; nothing is left of it.
        KeyboardInterrupt: The user interrupted before the simulation began.
    """
    directory: RunDirectory | None = None
    session: ModelSession | None = None
    simulation: Simulation | None = None
    with watched(request.spec.timeout_s):
        try:
            name = default_name(request.spec.workload)
            setup = _gem5_setup(request, progress) if request.spec.backend == "gem5" else None
            with held():
                directory = RunDirectory.create(request.output, name, force=request.force)
                session = ModelSession(_model_request(request), directory.path)
            prepared = _prepare(request, directory, session, progress)
            simulation = _simulation(prepared, setup, progress)
            return _simulate(prepared, simulation, progress)
        except BaseException as error:
            with undisturbed():
                if session is not None:
                    session.end()
                if simulation is not None:
                    return _broken_off(prepared, simulation, error)
                if directory is not None:
                    directory.discard()
            raise
        finally:
            if session is not None:
                session.end()
            if directory is not None:
                directory.release()


def _gem5_setup(request: RunRequest, progress: Progress) -> Gem5Setup:
    from harness.run.gem5.setup import find_setup  # noqa: PLC0415 - not for the embedded SoC

    return find_setup(request, progress)


def _model_request(request: RunRequest) -> RunRequest:
    """Return the request as the model's session sees it: gem5 has its own, ours only describes."""
    if request.spec.backend == "soc":
        return request
    return replace(request, record=None, debug_model=False)


def _prepare(
    request: RunRequest, directory: RunDirectory, session: ModelSession, progress: Progress
) -> PreparedRun:
    from harness.target import Target, load_target  # noqa: PLC0415 - order of start-up matters

    spec = request.spec
    if request.promise is not None:
        target = Target.from_dict(request.promise.target)
    else:
        target = load_target(spec.target, spec.overrides)
    progress.stage("starting the accelerator model")
    with held():
        by_hand = session.start(target)
    if by_hand:
        progress.notice(by_hand)
    progress.stage(f"building {spec.workload}")
    from harness.run.case import make_case  # noqa: PLC0415 - the model's process boots meanwhile

    case = make_case(request)
    manifest = Manifest(
        spec,
        command_line=request.command_line,
        target=target.to_dict(),
        graph=case.graph.name,
        inputs=case.input_files(),
        classes=case.classes,
        expected=case.expected,
    )
    directory.write(RUN_JSON, manifest.to_json())
    progress.stage(f"compiling {case.graph.name} for {target.name}")
    if by_hand:
        progress.stage("waiting for the model to be started")
    connection = session.connect(target)
    return _compile(request, target, case, manifest, (connection, directory))


def _compile(
    request: RunRequest,
    target: Target,
    case: Case,
    manifest: Manifest,
    places: tuple[ModelConnection, RunDirectory],
) -> PreparedRun:
    from harness.compiler import compile_graph  # noqa: PLC0415 - after the model's process
    from harness.run.artifacts import save_artifacts  # noqa: PLC0415

    connection, directory = places
    description = connection.description
    program = compile_graph(case.graph, target, description, policy=request.spec.policy)
    model = {
        "name": description.model,
        "version": description.version,
        "parameters": dict(sorted(description.parameters.items())),
    }
    manifest = replace(manifest, model=model, versions=versions(description.version))
    hashes = save_artifacts(directory, case, program, manifest)
    manifest = replace(manifest, hashes=hashes)
    directory.write(RUN_JSON, manifest.to_json())
    return PreparedRun(request, target, case, program, manifest, connection, directory)


def _simulation(run: PreparedRun, setup: Gem5Setup | None, progress: Progress) -> Simulation:
    if setup is not None:
        from harness.run.gem5.simulation import Gem5Simulation  # noqa: PLC0415 - as above

        return Gem5Simulation(run, setup, progress)
    from harness.run.simulation import RunningSimulation  # noqa: PLC0415 - the engine, late

    return RunningSimulation(run, progress)


def _simulate(run: PreparedRun, simulation: Simulation, progress: Progress) -> FinishedRun:
    from harness.run.evidence import keep_result  # noqa: PLC0415 - after the model has started

    progress.stage(f"simulating {run.case.graph.name}")
    measured = simulation.run()
    progress.stage("checking the outputs")
    result = keep_result(run, measured)
    code = ExitCode.OK if result.is_success else ExitCode.RUN_FAILED
    return FinishedRun(result, run.directory.path, code)


def _broken_off(run: PreparedRun, simulation: Simulation, error: BaseException) -> FinishedRun:
    """Keep what can be kept; errors that are our own bugs go on to the caller."""
    from harness.run.evidence import keep_failure  # noqa: PLC0415 - see _simulate

    result = keep_failure(run, error, simulation.measurement())
    if not isinstance(error, (HarnessError, KeyboardInterrupt)):
        raise error
    is_interrupted = isinstance(error, KeyboardInterrupt)
    code = ExitCode.INTERRUPTED if is_interrupted else ExitCode.RUN_FAILED
    return FinishedRun(result, run.directory.path, code)
