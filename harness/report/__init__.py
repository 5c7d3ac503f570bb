"""What people see: tables, plain or coloured, progress, and the timeline for Perfetto.

Owns how results look. It must not compute any: numbers come from `harness.stats` and result.json.
"""
