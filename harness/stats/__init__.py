"""What was measured: gem5's stats.txt, the timeline, phases, and what follows from them.

Owns the grammar of stats.txt (written and read), the timeline's record and the one function that
gives every tick of a run to a phase. It must not know which backend measured.
"""
