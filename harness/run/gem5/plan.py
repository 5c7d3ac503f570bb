"""What a dry run says about gem5."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from harness.run.config_scripts import find_configs
from harness.run.directory import next_path
from harness.run.gem5.command import gem5_command
from harness.run.gem5.locate import find_gem5
from harness.run.reference import default_name

if TYPE_CHECKING:
    from harness.run.request import RunRequest


def gem5_lines(request: RunRequest) -> list[str]:
    """Return the lines of a plan that concern gem5, the exact command among them.

    Raises:
        SpecError: gem5 or its scripts are not there.
    """
    spec, options = request.spec, request.gem5
    run = Path(request.output) if request.output else next_path(default_name(spec.workload))
    script = find_configs() / f"{spec.simulation_mode}.py"
    argv = gem5_command(find_gem5(options.binary), run.absolute(), script, options)
    return [
        f"gem5         mode {spec.simulation_mode}, cpu {spec.cpu}, "
        f"submission by {spec.submission}"
        + (f", boot {spec.boot}" if spec.simulation_mode == "fs" else ""),
        f"command      {shlex.join(argv)}",
    ]
