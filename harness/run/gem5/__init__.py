"""The backend gem5: finds gem5, gives it a run, watches it, and reads what it left.

gem5 runs the scripts of `gem5_configs` in a process of its own; `run.json` goes in, gem5's output
directory comes out. This package must not know how the scripts build the SoC.
"""
