"""`harness run` and `harness rerun`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from harness.cli.arguments import Quiet  # noqa: TC001 - typer reads annotations at run time

if TYPE_CHECKING:
    from harness.run.request import RunRequest

Workload = Annotated[
    str,
    typer.Argument(
        help="Installed name (lenet5), script.py[:function], package.module:function, a saved"
        " graph's directory, or an old run's run.json to repeat it."
    ),
]
Target = Annotated[str, typer.Option("--target", "-t", help="Shipped target or a .toml file.")]
Set = Annotated[
    list[str],
    typer.Option(
        "--set", "-s", metavar="KEY=VALUE", help="Override a field of the target; may be repeated."
    ),
]
Calibration = Annotated[
    str,
    typer.Option(
        "--calibration",
        metavar="NAME|FILE",
        help="Measured costs of software (o3-fs, ...), as if by --set; --set comes after them.",
    ),
]
Accelerator = Annotated[
    str,
    typer.Option(
        "--accelerator", "-a", help="Model: installed name, file.py[:Class], or an executable."
    ),
]
Policy = Annotated[str, typer.Option("--policy", help="Tiling policy: traffic or smaug.")]
Mode = Annotated[
    str, typer.Option("--model-mode", help="How operand bytes reach the model: kernel or exact.")
]
Transport = Annotated[
    str,
    typer.Option(
        "--transport",
        help="ipc: model in its own process; tcp: the same, encrypted; inproc: in this one.",
    ),
]
Threads = Annotated[
    int, typer.Option("--threads", "-j", help="Host threads, the dispatching one included.")
]
Repeat = Annotated[int, typer.Option("--repeat", "-n", help="Inferences; the last is reported.")]
Cold = Annotated[bool, typer.Option("--cold", help="Report the first inference (cold caches).")]
Input = Annotated[
    str, typer.Option("--input", "-i", metavar="N|FILE", help="Shipped input's number, .npy, .npz.")
]
Output = Annotated[
    Optional[str],  # noqa: UP045 - typer reads it at run time on Python 3.10
    typer.Option("--output", "--outdir", "-o", "-d", metavar="DIR", help="The run's directory."),
]
Force = Annotated[bool, typer.Option("--force", "-f", help="Replace the old run in --output.")]
Record = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--record", metavar="FILE", help="Record every exchange with the model."),
]
Replay = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--replay", metavar="FILE", help="Take the model's answers from a recording."),
]
Seed = Annotated[int, typer.Option("--seed", help="Seed of inputs that are not shipped.")]
Deadline = Annotated[
    float, typer.Option("--deadline", metavar="S", help="Longest wait for one answer of the model.")
]
MaximumTicks = Annotated[
    int, typer.Option("--max-ticks", metavar="TICKS", help="End the run at this simulated time.")
]
Timeout = Annotated[
    float, typer.Option("--timeout", metavar="S", help="End the run after this host time.")
]
Check = Annotated[
    bool, typer.Option("--check/--no-check", help="Compare outputs with the reference execution.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would run, and stop.")]
DebugModel = Annotated[
    bool, typer.Option("--debug-model", help="Let you start the model under a debugger.")
]
ModelEndpoint = Annotated[
    str,
    typer.Option(
        "--model-endpoint",
        metavar="tcp://HOST:PORT",
        help="With --transport tcp: bind this, and let you start the model on another host.",
    ),
]
Backend = Annotated[
    str,
    typer.Option("--backend", "-b", help="soc: the embedded SoC; gem5: gem5 around the models."),
]
SimulationMode = Annotated[
    str, typer.Option("--mode", help="gem5: se emulates system calls, fs boots Linux.")
]
Cpu = Annotated[str, typer.Option("--cpu", help="gem5: CPU model: timing, o3 or atomic.")]
Gem5 = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--gem5", metavar="PATH", help="The gem5 binary; else $GEM5, or on PATH."),
]
Gem5Arguments = Annotated[
    list[str],
    typer.Option("--gem5-arg", metavar="ARG", help="An option of gem5 itself; may be repeated."),
]
DebugFlags = Annotated[
    str, typer.Option("--debug-flags", metavar="FLAG,...", help="gem5's; printed to a file.")
]
Boot = Annotated[
    str, typer.Option("--boot", help="fs: how Linux boots, once: atomic, kvm, or auto.")
]
Checkpoint = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--checkpoint", metavar="DIR", help="fs: start from this booted checkpoint."),
]
Kernel = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--kernel", metavar="VMLINUX", help="fs: your own Linux kernel."),
]
Initramfs = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--initramfs", metavar="FILE", help="fs: your own initramfs."),
]
Submission = Annotated[
    str, typer.Option("--submission", help="gem5: commands go by mapped doorbell or by ioctl.")
]
Json = Annotated[bool, typer.Option("--json", help="Print result.json instead of tables.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("run")(run)
    app.command("rerun")(rerun)


def run(  # noqa: PLR0913 - one parameter per documented option
    workload: Workload,
    target: Target = "smaug",
    overrides: Set = [],  # noqa: B006 - typer copies it
    calibration: Calibration = "",
    accelerator: Accelerator = "",
    policy: Policy = "traffic",
    mode: Mode = "kernel",
    transport: Transport = "ipc",
    threads: Threads = 1,
    repeat: Repeat = 1,
    cold: Cold = False,  # noqa: FBT002 - typer's flags
    input_: Input = "0",
    output: Output = None,
    force: Force = False,  # noqa: FBT002
    record: Record = None,
    replay: Replay = None,
    seed: Seed = 0,
    deadline: Deadline = 60.0,
    maximum_ticks: MaximumTicks = 0,
    timeout: Timeout = 0.0,
    check: Check = True,  # noqa: FBT002
    dry_run: DryRun = False,  # noqa: FBT002
    debug_model: DebugModel = False,  # noqa: FBT002
    model_endpoint: ModelEndpoint = "",
    backend: Backend = "soc",
    simulation_mode: SimulationMode = "se",
    cpu: Cpu = "o3",
    gem5: Gem5 = None,
    gem5_arguments: Gem5Arguments = [],  # noqa: B006 - as above
    debug_flags: DebugFlags = "",
    boot: Boot = "auto",
    checkpoint: Checkpoint = None,
    kernel: Kernel = None,
    initramfs: Initramfs = None,
    submission: Submission = "doorbell",
    quiet: Quiet = False,  # noqa: FBT002
    json: Json = False,  # noqa: FBT002
) -> None:
    """Run a workload and show where its time goes."""
    from harness.run.directory import RUN_JSON  # noqa: PLC0415

    if Path(workload).name == RUN_JSON:
        return rerun(workload, output, force, transport, gem5, quiet, json)
    from harness.run.spec import RunSpec  # noqa: PLC0415
    from harness.target import read_calibration  # noqa: PLC0415

    calibrated = read_calibration(calibration) if calibration else ()
    spec = RunSpec(
        workload=workload,
        target=target,
        overrides=(*calibrated, *overrides),
        accelerator=accelerator,
        policy=policy,
        mode=mode,
        transport=transport,
        threads=threads,
        repeat=repeat,
        cold=cold,
        input=input_,
        seed=seed,
        deadline_s=deadline,
        maximum_ticks=maximum_ticks,
        timeout_s=timeout,
        check=check,
        backend=backend,
        simulation_mode=simulation_mode,
        cpu=cpu,
        boot=boot,
        submission=submission,
    )
    from harness.run.gem5_options import Gem5Options  # noqa: PLC0415
    from harness.run.request import RunRequest  # noqa: PLC0415

    request = RunRequest(
        spec,
        output=output,
        force=force,
        record=record,
        replay=replay,
        debug_model=debug_model,
        model_endpoint=model_endpoint,
        command_line=tuple(sys.argv[1:]),
        gem5=Gem5Options(gem5, tuple(gem5_arguments), debug_flags, checkpoint, kernel, initramfs),
    )
    if dry_run:
        return _print_plan(request)
    return _execute(request, is_quiet=quiet, as_json=json)


def rerun(
    run_path: Annotated[str, typer.Argument(metavar="RUN", help="Run directory or run.json.")],
    output: Output = None,
    force: Force = False,  # noqa: FBT002
    transport: Transport = "",
    gem5: Gem5 = None,
    quiet: Quiet = False,  # noqa: FBT002
    json: Json = False,  # noqa: FBT002
) -> None:
    """Repeat a run from its run.json and check it does the same."""
    from harness.run.request import repeat_request  # noqa: PLC0415

    request = repeat_request(run_path, output=output, force=force, transport=transport, gem5=gem5)
    _execute(request, is_quiet=quiet, as_json=json)


def _execute(request: object, *, is_quiet: bool, as_json: bool) -> None:
    from harness.report.progress import ConsoleProgress  # noqa: PLC0415
    from harness.run.pipeline import execute  # noqa: PLC0415

    progress = ConsoleProgress(is_quiet=is_quiet)
    try:
        finished = execute(request, progress)  # type: ignore[arg-type]
    finally:
        progress.close()
    if as_json:
        sys.stdout.write(finished.result.to_json())
    else:
        from harness.report.run_report import print_run  # noqa: PLC0415

        print_run(finished.result, finished.directory)
    if not finished.result.is_success:
        if finished.result.message:
            sys.stderr.write(f"harness: error: {finished.result.message}\n")
        raise typer.Exit(finished.exit_code)


def _print_plan(request: RunRequest) -> None:
    from harness.run.plan import plan_lines  # noqa: PLC0415

    sys.stdout.write("\n".join([*plan_lines(request), ""]))
