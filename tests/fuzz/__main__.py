"""`python -m tests.fuzz NAME|all [--seconds N] [--seed N]`: harm a decoder's inputs for a while.

Exit 0 if every input was decoded or refused with a HarnessError in reasonable time; else the
offending input is written to a file, its path and the error are printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

from harness.base.errors import HarnessError
from tests.fuzz.mutation import mutate
from tests.fuzz.targets import TARGETS, Target

SLOW_S = 5.0
"""No input of 64 KiB may keep a decoder busy for longer."""


def offence(target: Target, data: bytes) -> str:
    """Decode once; return what is wrong with how that went, or nothing."""
    begin = time.monotonic()
    try:
        target.decode(data)
    except HarnessError:
        pass
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return "".join(traceback.format_exception(error)[-4:])
    seconds = time.monotonic() - begin
    return f"took {seconds:.1f} s\n" if seconds > SLOW_S else ""


def fuzz(name: str, seconds: float, seed: int) -> bool:
    """Fuzz one decoder; return whether nothing was found."""
    target, dice = TARGETS[name], random.Random(seed)
    seeds = target.seeds()
    until, count, kept = time.monotonic() + seconds, 0, 0
    while time.monotonic() < until:
        chosen = dice.choice(seeds)
        data = mutate(chosen, dice, seeds)
        count += 1
        found = offence(target, data)
        if found:
            path = (
                Path(tempfile.gettempdir()) / f"fuzz-{name}-{hashlib.sha256(data).hexdigest()[:8]}"
            )
            path.write_bytes(data)
            sys.stdout.write(f"{name}: input {path}, after {count} inputs\n{found}")
            return False
        kept += chosen != data
    sys.stdout.write(f"{name}: {count} inputs ({kept} changed), nothing found\n")
    return True


def main() -> int:
    """Parse the command line and fuzz."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("name", choices=[*TARGETS, "all"], help="the decoder")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each decoder")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--input", type=Path, help="decode this file once instead")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.input:
        found = offence(TARGETS[options.name], options.input.read_bytes())
        sys.stdout.write(found or "decoded or refused\n")
        return int(bool(found))
    names = list(TARGETS) if options.name == "all" else [options.name]
    return int(not all(fuzz(name, options.seconds, options.seed) for name in names))


if __name__ == "__main__":
    sys.exit(main())
