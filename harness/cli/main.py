"""The entry point `harness`, and the one place where errors become messages and exit codes.

Exit codes: 0 success, 1 the run or the check failed, 2 the user's mistake, 70 a bug of harness,
130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback

from harness.base.disk_full import says_disk_full
from harness.base.errors import ExitCode, HarnessError, InternalError
from harness.base.signalled import dropped_signals_come_again, remember_signalled
from harness.base.threads import use_single_threads

DEBUG_VARIABLE = "HARNESS_DEBUG"
"""Set to 1: tracebacks are printed with every error."""


def main() -> int:
    """Run the command line and return its exit code."""
    use_single_threads(os.environ)
    try:
        from harness.cli.app import app  # noqa: PLC0415 - an interruption of it is reported too

        app(prog_name="harness")
    except SystemExit as end:
        if end.code == ExitCode.INTERRUPTED:
            sys.stderr.write("harness: interrupted\n")
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException as error:  # noqa: BLE001 - this is where all of them end
        return report_error(error)
    return int(ExitCode.OK)


def console() -> int:
    """Be the program `harness`: as `main`, but one Ctrl-C counts, so that clean-up is whole."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt_once)
    try:
        with dropped_signals_come_again():
            return main()
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)  # the second one, while the first was being reported
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _interrupt_once(number: int, _: object) -> None:
    error = remember_signalled(KeyboardInterrupt(), number)
    signal.signal(number, signal.SIG_IGN)
    raise error


def report_error(error: BaseException) -> int:
    """Print one message about an error and return the exit code it stands for."""
    if os.environ.get(DEBUG_VARIABLE, "0") not in {"", "0"}:
        traceback.print_exception(error)
    if isinstance(error, HarnessError):
        sys.stderr.write(f"harness: error: {error}\n")
        return int(error.exit_code)
    if isinstance(error, KeyboardInterrupt):
        sys.stderr.write("harness: interrupted\n")
        return int(ExitCode.INTERRUPTED)
    if isinstance(error, OSError) and says_disk_full(error):
        sys.stderr.write(f"harness: error: the disk is full\n  at: {error.filename or 'output'}\n")
        return int(ExitCode.RUN_FAILED)
    _report_bug(error)
    return int(ExitCode.INTERNAL)


def _report_bug(error: BaseException) -> None:
    kind = "" if isinstance(error, InternalError) else f"{type(error).__name__}: "
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
    sys.stderr.write(
        f"harness: internal error: {kind}{error}\n"
        f"  at: {where}\n"
        f"  this is a bug in harness; please report it with this message and the run directory\n"
        f"  ({DEBUG_VARIABLE}=1 prints the traceback)\n"
    )


if __name__ == "__main__":
    sys.exit(console())
