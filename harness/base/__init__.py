"""What every layer may use: typed errors, units of time and size, source locations.

This package knows nothing of graphs, targets, simulators or sockets.
"""
