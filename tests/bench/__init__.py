"""`make bench`: how fast harness is on this machine. It reports and never fails on a time.

Machines are shared and noisy: what is compared is interleaved (A B A B), medians are quoted, and
where the machine's speed matters the result is a ratio.
"""
