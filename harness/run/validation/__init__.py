"""Measurements of harness itself: against gem5, against published cycles, with and without a model.

Owns what `harness validate` finds out. Knows nothing of how it is shown.
"""
