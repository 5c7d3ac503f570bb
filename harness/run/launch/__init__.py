"""Any gem5 command in a frozen run directory: what ran, how it ended by evidence, the same again.

Owns the command around somebody else's script: finding gem5 in it, freezing what it depends on,
watching it, and judging what it left. It must know nothing of workloads, targets and accelerators,
and the scripts it runs know nothing of it.
"""
