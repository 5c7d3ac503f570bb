"""What people see: tables, plain or coloured, progress, and the timeline for Perfetto.

Owns how results look. It measures nothing: numbers come from `harness.stats` and the files of runs;
`analysis` relates them to each other, `results` answers SQL from them.
"""
