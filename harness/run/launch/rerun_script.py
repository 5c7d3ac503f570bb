"""cmd.sh: the same command in the same environment, for a shell and without harness."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.run.launch.frozen import FrozenLaunch

CMD_SH = "cmd.sh"
INFLUENTIAL = (
    *("LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONPATH", "PYTHONHOME", "PYTHONHASHSEED"),
    *("GEM5_CONFIG", "GEM5_RESOURCE_DIR", "GEM5_RESOURCE_JSON", "GEM5_RESOURCE_JSON_APPEND"),
    *("M5_PATH", "M5_OVERRIDE_PY_SOURCE", "OMP_NUM_THREADS"),
)
"""Variables that are unset if the run did not have them."""
_TEMPLATE = """\
#!/bin/sh
# Runs the command of this launch again, into another folder:
#
#   sh cmd.sh [OUTDIR]      default: rerun-1, rerun-2, ... beside this file
#
# What the run left is not touched. Files that differ from those of the run are refused;
# HARNESS_CHANGED_FILES=ok takes them as they are now.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ $# -gt 0 ]; then
    case $1 in
    /*) outdir=$1 ;;
    *) outdir=$PWD/$1 ;;
    esac
else
    number=1
    while [ -e "$here/rerun-$number" ]; do number=$((number + 1)); done
    outdir=$here/rerun-$number
fi
if [ -e "$outdir" ] && [ -n "$(ls -A "$outdir")" ]; then
    echo "cmd.sh: $outdir is not empty" >&2
    exit 2
fi
if command -v sha256sum >/dev/null && [ "${HARNESS_CHANGED_FILES:-}" != ok ]; then
    sha256sum --check --quiet - >&2 <<'END_OF_HASHES' || exit 2
%(hashes)sEND_OF_HASHES
fi
unset %(unset)s
%(exports)smkdir -p "$outdir"
cd %(cwd)s
exec %(command)s </dev/null
"""


def rerun_script(frozen: FrozenLaunch, outdir: str) -> str:
    """Return the text of cmd.sh.

    Args:
        frozen: The launch.
        outdir: The output folder that stands in its command, to be replaced by another.
    """
    return _TEMPLATE % {
        "hashes": "".join(_hash_line(each) for each in frozen.files),
        "unset": " ".join(absent_variables(frozen)) or "_",
        "exports": "".join(
            f"export {name}={shlex.quote(value)}\n" for name, value in frozen.environment.items()
        ),
        "cwd": shlex.quote(frozen.spec.cwd),
        "command": " ".join(_quoted(word, outdir) for word in frozen.command),
    }


def absent_variables(frozen: FrozenLaunch) -> tuple[str, ...]:
    """Return the variables that would change a run, and that this one did not have."""
    return tuple(name for name in INFLUENTIAL if name not in frozen.environment)


def _hash_line(file: dict[str, object]) -> str:
    path = str(file["path"])
    if "sha256" not in file or "\n" in path or "\\" in path:  # sha256sum writes these otherwise
        return ""
    return f"{file['sha256']}  {path}\n"


def _quoted(word: str, outdir: str) -> str:
    """Quote a word; the output folder in it becomes the variable."""
    pieces = word.split(outdir)
    return '"$outdir"'.join(shlex.quote(piece) if piece else "" for piece in pieces) or "''"
