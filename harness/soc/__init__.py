"""The embedded SoC: a C++ event-driven model of cores, caches, bus, DRAM and accelerator ports.

Owns simulated time. Knows Programs, Targets and the packed records of the bridge; it must not
know networks, transports or accelerator models. `simulate.simulate` runs a Program,
`simulation.Simulation` keeps what was measured if the run breaks off.
"""
