"""Prints the path of the C++ twin: `python -m accel_models.vector_mac_cpp [--shared-object]`."""

from __future__ import annotations

import sys

from accel_models.vector_mac_cpp import binary_path, shared_object_path
from harness.base.errors import HarnessError


def main() -> int:
    """Print the path; the exit code is that of the command line."""
    try:
        path = shared_object_path() if "--shared-object" in sys.argv[1:] else binary_path()
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
