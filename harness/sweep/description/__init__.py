"""What a user asks for: spaces of values, resources, retries, points; from TOML or from Python.

Owns the words of a description and their checks. Knows nothing of files of a sweep, or of running.
"""
