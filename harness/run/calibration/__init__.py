"""Measures on gem5 what the embedded SoC takes as given: costs of software on a core.

`measure` makes the runs, `formulas` turns measurements into a target's fields, `document` writes
them down with their provenance. What uses a calibration is harness.target.calibration; nothing here
knows of targets beyond their fields.
"""
