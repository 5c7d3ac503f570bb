"""What a launch would do, for --dry-run."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from harness.run.directory import next_path
from harness.run.launch.command import understand
from harness.run.launch.launch import default_name
from harness.run.launch.places import OUTDIR

if TYPE_CHECKING:
    from harness.run.launch.spec import LaunchSpec


def plan_lines(spec: LaunchSpec, output: str | None, name: str | None) -> list[str]:
    """Return the exact command and what belongs to it, after all checks that need no run.

    Raises:
        SpecError: The command cannot work.
    """
    command = understand(spec)
    directory = Path(output) if output else next_path(name or default_name(command))
    argv = command.argv(str(directory.absolute() / OUTDIR))
    lines = [
        f"directory    {directory}",
        f"folder       {spec.cwd}",
        f"gem5         {command.gem5 or 'not on this host'} ({command.kind.value})",
    ]
    if command.script is not None:
        lines.append(f"script       {command.script}")
    lines += [f"variable     {name}={value}" for name, value in spec.environment.items()]
    limits = (
        ("host time", spec.timeout_s, f"{spec.timeout_s:g} s"),
        ("memory", spec.memory_bytes, f"{spec.memory_bytes} bytes"),
        ("no progress", spec.no_progress_s, f"{spec.no_progress_s:g} s"),
        ("no output", spec.no_output_s, f"{spec.no_output_s:g} s"),
    )
    lines += [f"limit        {what}: {text}" for what, value, text in limits if value]
    return [*lines, f"command      {shlex.join(argv)}"]
