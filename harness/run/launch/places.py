"""The names of what a launch leaves in its directory."""

from __future__ import annotations

from harness.run.directory import GEM5_OUTPUT, RESULT_JSON, Layout
from harness.run.launch.frozen import LAUNCH_JSON
from harness.run.launch.notes import NOTES_FOLDER
from harness.run.launch.rerun_script import CMD_SH
from harness.run.live import STATUS_JSON

OUTDIR = GEM5_OUTPUT
STDOUT, STDERR = "simout.txt", "simerr.txt"
"""What the command printed, in the output folder, under gem5's own names."""
OLD_STDOUT, OLD_STDERR = "simout", "simerr"
"""The names that gem5 gave them before v22."""
SCRIPT_COPY = "script"
CHECKS_LOG = "checks.txt"

LAUNCH_LAYOUT = Layout(
    LAUNCH_JSON,
    (
        *(LAUNCH_JSON, RESULT_JSON, STATUS_JSON, CMD_SH, OUTDIR, NOTES_FOLDER),
        *(SCRIPT_COPY, CHECKS_LOG),
    ),
)
