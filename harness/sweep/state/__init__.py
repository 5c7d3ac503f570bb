"""A sweep's directory, its attempts, and what they say of each point.

Owns all files of a sweep, which are its only state. Knows nothing of who performs attempts.
"""
