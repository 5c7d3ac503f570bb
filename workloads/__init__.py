"""Networks to run: each module describes one in Python and brings trained weights and real input.

A workload names no hardware. Modules import `harness.graph` and `harness.run.workload` only.
"""
