"""The bridge between a simulator and accelerator models: protocol v1, both ends, and the model SDK.

It owns the wire, its records and its files of exchanges (`proto/README.md` is normative), the
transports, and `AcceleratorModel`. It knows nothing of graphs, programs, targets or memory systems.
"""
