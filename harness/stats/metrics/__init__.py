"""Metrics under one name over gem5's changing ones: ipc, mpki, bandwidth, energy, your own.

Owns a small expression language over statistics, the algebra of gem5's units, and one table of
declarations. It must not know files or runs: it looks at one dump.
"""
