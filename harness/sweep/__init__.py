"""Sweeps: many runs from one description, as batch jobs, with files as their only state.

Owns grids, run identities, executors and retries. Knows nothing of what a run computes.
"""
