# SPDX-License-Identifier: BSD-3-Clause
"""Arguments of se.py and fs.py, and how they end."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import m5

from soc.errors import ConfigurationError
from soc.run_file import RunFileError, read_run_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

EXIT_USER_ERROR = 2


def argument_parser(description: str) -> argparse.ArgumentParser:
    """Return the arguments that both scripts have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("run", help="run.json, or the run's folder")
    parser.add_argument("--cpu", choices=("atomic", "timing", "o3"), help="instead of run.json's")
    parser.add_argument("--max-ticks", type=int, help="instead of run.json's maximum_ticks")
    parser.add_argument(
        "--no-fast-forward", action="store_true", help="load on the measured cores too"
    )
    return parser


def read_run(options: argparse.Namespace, mode: str) -> SimpleNamespace:
    """Read the run and apply what the command line overrides.

    Raises:
        RunFileError: It is not usable, or is of the other mode.
    """
    path = Path(options.run)
    run = read_run_file(path / "run.json" if path.is_dir() else path)
    if run.gem5.mode != mode:
        raise RunFileError(f"{path}: gem5.mode is {run.gem5.mode!r}; this script is for {mode!r}")
    if options.cpu:
        run.gem5.cpu = options.cpu
    if options.max_ticks is not None:
        run.gem5.maximum_ticks = options.max_ticks
    if options.no_fast_forward:
        run.gem5.fast_forward = False
    return run


def output_folder() -> Path:
    """Return gem5's output folder (option -d)."""
    return Path(m5.options.outdir).absolute()


def end_with(main: Callable[[], int]) -> None:
    """Run a script and end gem5 with its status; the user's errors are one message, status 2."""
    try:
        status = main()
    except (RunFileError, ConfigurationError) as error:
        sys.stderr.write(f"error: {error}\n")
        status = EXIT_USER_ERROR
    sys.exit(status)
