"""From a LaunchSpec to a run directory: freeze, run, watch, judge."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import BackendError, ExitCode, HarnessError
from harness.run.cache import file_sha256
from harness.run.directory import RESULT_JSON, RunDirectory
from harness.run.ending import Ending
from harness.run.launch.checks import failed_check
from harness.run.launch.classify import classify
from harness.run.launch.command import LaunchCommand, understand
from harness.run.launch.config_inputs import files_of_config
from harness.run.launch.evidence import Evidence, gather
from harness.run.launch.frozen import LAUNCH_JSON, FrozenLaunch, freeze
from harness.run.launch.host import host_facts
from harness.run.launch.notes import NOTES_FOLDER, noting_variables
from harness.run.launch.outcome import LaunchOutcome
from harness.run.launch.output_growth import output_state
from harness.run.launch.places import LAUNCH_LAYOUT, OUTDIR, SCRIPT_COPY
from harness.run.launch.rerun_script import CMD_SH, rerun_script
from harness.run.launch.stats_evidence import stats_name
from harness.run.launch.stops import StopReason
from harness.run.launch.supervise import LaunchSupervisor, Supervised
from harness.run.launch.verdict import Verdict
from harness.run.live import LiveStatus, StatusFile
from harness.run.watch import undisturbed, watched

if TYPE_CHECKING:
    from typing import BinaryIO

    from harness.run.launch.spec import LaunchSpec
    from harness.run.prepared import Progress

_LARGEST_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FinishedLaunch:
    """A launch that began, and how it ended."""

    directory: Path
    exit_code: ExitCode
    outcome: LaunchOutcome


def launch(
    spec: LaunchSpec,
    output: str | None,
    progress: Progress | None,
    *,
    name: str | None = None,
    force: bool = False,
    echo: BinaryIO | None = None,
) -> FinishedLaunch:
    """Run a gem5 command in a frozen run directory.

    In the main thread, signals that end harness end gem5 in good order first.

    Args:
        spec: The command.
        output: The run's directory; None for runs/<name>, runs/<name>-2, ...
        progress: Who is told; None for nobody.
        name: The name in a numbered directory; None for the script's.
        force: An old launch in `output` may be replaced.
        echo: Gets what the command prints, while it runs.

    Raises:
        HarnessError: The launch could not begin; nothing is left of it.
        KeyboardInterrupt: The user interrupted before gem5 started.
    """
    with watched():
        command = understand(spec)
        directory = RunDirectory.create(
            output, name or default_name(command), force=force, layout=LAUNCH_LAYOUT
        )
        try:
            frozen = _freeze(spec, command, directory, progress)
        except BaseException:
            with undisturbed():
                directory.discard()
                directory.release()
            raise
        try:
            return _run(frozen, command, directory, progress, echo)
        finally:
            directory.release()


def default_name(command: LaunchCommand) -> str:
    """Return the name of a launch's directory if its user chose none: its script's."""
    script = command.arguments.script
    if command.arguments.program == "command" or not script:
        script = command.words[0]
    stem = Path(script).stem or "gem5"
    return "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in stem)


def _freeze(
    spec: LaunchSpec, command: LaunchCommand, directory: RunDirectory, progress: Progress | None
) -> FrozenLaunch:
    """Write everything that is known before the command runs."""
    if progress is not None:
        progress.stage("hashing gem5, the script and its files")
    outdir = str(directory.path.absolute() / OUTDIR)
    frozen = freeze(spec, command, outdir)
    directory.write(LAUNCH_JSON, frozen.to_json())
    directory.write(CMD_SH, rerun_script(frozen, outdir))
    script = command.script
    if script is not None and script.is_file() and script.stat().st_size <= _LARGEST_COPY_BYTES:
        directory.write(f"{SCRIPT_COPY}/{script.name}", script.read_bytes())
    return frozen


def _run(
    frozen: FrozenLaunch,
    command: LaunchCommand,
    directory: RunDirectory,
    progress: Progress | None,
    echo: BinaryIO | None,
) -> FinishedLaunch:
    spec, run = frozen.spec, directory.path.absolute()
    environment = spec.full_environment()
    if spec.notes_exits:
        (run / NOTES_FOLDER).mkdir(exist_ok=True)
        environment.update(noting_variables(run, environment))
    name = Path(frozen.script).name or command.words[0]
    if progress is not None:
        progress.stage(f"running {name} in {directory.path}")
    status = StatusFile(directory.path, LiveStatus(stage=f"running {name}"))
    supervisor = LaunchSupervisor(
        spec,
        run,
        stats=stats_name(command.arguments.value("stats-file")),
        progress=progress,
        status=status,
        echo=echo,
    )
    started_s = time.time()
    try:
        supervised = supervisor.run(frozen.command, environment)
    except HarnessError as error:
        outcome = LaunchOutcome(
            Ending.USER_ERROR, "not started", str(error), started_s=started_s, host=host_facts()
        )
        with suppress(HarnessError):
            directory.write(RESULT_JSON, outcome.to_json())
        return FinishedLaunch(directory.path, error.exit_code, outcome)
    finally:
        status.remove()
    return _judge(frozen, command, directory, supervised, started_s)


def _judge(
    frozen: FrozenLaunch,
    command: LaunchCommand,
    directory: RunDirectory,
    supervised: Supervised,
    started_s: float,
) -> FinishedLaunch:
    """Look at what the command left, and write the result whatever comes."""
    spec, run = frozen.spec, directory.path.absolute()
    is_interrupted = False
    try:
        verdict = classify(gather(spec, command, run, supervised))
        if verdict.ending is Ending.SUCCESS:
            verdict = failed_check(spec, run) or verdict
    except KeyboardInterrupt:
        is_interrupted = True
        text = "harness was interrupted after gem5 had ended, before the run was judged"
        verdict = Verdict(Ending.CANCELLED, "interrupted", text)
    with undisturbed():
        evidence = gather(spec, command, run, supervised)
        outcome = _outcome(evidence, verdict, run, started_s)
        try:
            directory.write(RESULT_JSON, outcome.to_json())
        except BackendError as error:
            outcome = replace(outcome, ending=Ending.DISK_FULL, message=str(error))
        shutil.rmtree(run / NOTES_FOLDER, ignore_errors=True)
    code = ExitCode.INTERRUPTED if is_interrupted else _exit_code(outcome, supervised)
    return FinishedLaunch(directory.path, code, outcome)


def _outcome(evidence: Evidence, verdict: Verdict, run: Path, started_s: float) -> LaunchOutcome:
    main, supervised = evidence.main, evidence.supervised
    gem5 = evidence.messages.banner()
    if main is not None:
        gem5 = {**gem5, **{name: text for name, text in main.gem5.items() if text}}
    message = verdict.message
    if verdict.way_out:
        message += f"\n  way out: {verdict.way_out}"
    return LaunchOutcome(
        verdict.ending,
        verdict.cause,
        message,
        status=supervised.status,
        ticks=evidence.tick,
        dumps=evidence.stats.dumps,
        stats=evidence.stats.files,
        host_seconds=round(supervised.host_s, 3),
        cpu_seconds=round(supervised.cpu_s, 3),
        peak_memory_bytes=supervised.peak_bytes,
        output_bytes=output_state(run / OUTDIR).size_bytes,
        gem5=gem5,
        build={} if main is None else main.build,
        simulations=tuple(replace(each, gem5={}, build={}) for each in evidence.simulations),
        hashes=_config_hashes(run / OUTDIR),
        inputs=files_of_config(run / OUTDIR, evidence.spec.cwd),
        started_s=round(started_s, 3),
        host=host_facts(),
    )


def _config_hashes(outdir: Path) -> dict[str, str]:
    paths = (outdir / name for name in ("config.ini", "config.json"))
    return {path.name: file_sha256(path) for path in paths if path.is_file()}


def _exit_code(outcome: LaunchOutcome, supervised: Supervised) -> ExitCode:
    if outcome.is_success:
        return ExitCode.OK
    stop = supervised.stop
    if stop is not None and stop.reason is StopReason.INTERRUPTED:
        return ExitCode.INTERRUPTED
    return ExitCode.RUN_FAILED
