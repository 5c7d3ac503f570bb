"""Attempts as processes of this machine, within their time and memory.

Owns the children of a launcher. Knows nothing of what comes next in a sweep.
"""
