"""From a graph to a program: verify, fuse, lay out, tile, plan memory, schedule.

Owns tiling policies, memory planning and `Program`. It must not know how a backend spends time.
"""
