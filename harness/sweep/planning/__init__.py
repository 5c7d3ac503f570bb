"""From a description to points that can run: values filled in, identities, what needs what.

Owns the ids of points. Knows nothing of attempts.
"""
