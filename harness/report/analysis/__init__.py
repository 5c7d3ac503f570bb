"""What figures show: runs compared with a baseline, means, fronts, slices of sweeps, rooflines.

Owns arithmetic on measured numbers, never a measurement: every value here is a ratio, a mean or a
choice of numbers that result.json, run.json, timeline.npy and stats.txt hold. It must not know how
they are drawn.
"""
