# SPDX-License-Identifier: BSD-3-Clause
"""The SoC of a run as gem5 objects.

Runs inside gem5's own Python: it knows gem5, run.json and this folder, and imports nothing of
harness. Every number of the hardware comes from the target that run.json carries.
"""
