"""`python -m tests.bench`: prints ten tables in some three minutes."""

from __future__ import annotations

import os
import platform
import sys
import time


def main() -> None:
    """Measure and print everything."""
    from harness.base.threads import SINGLE_THREAD

    # Before numpy, as the program `harness` does.
    os.environ.update(SINGLE_THREAD)
    from tests.bench.engine_speed import report_engine_speed
    from tests.bench.networks import report_networks
    from tests.bench.start_up import report_start_up
    from tests.bench.stats_reading import report_stats_reading
    from tests.bench.sweep_overhead import report_sweep_overhead
    from tests.bench.transports import report_transports

    begin = time.perf_counter()
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    sys.stdout.write(
        f"Python {platform.python_version()}, {os.cpu_count()} processors, load average {load}\n"
    )
    report_engine_speed()
    report_networks()
    report_transports()
    report_start_up()
    report_stats_reading()
    report_sweep_overhead()
    sys.stdout.write(f"\nmeasured in {time.perf_counter() - begin:.0f} s\n")


if __name__ == "__main__":
    main()
