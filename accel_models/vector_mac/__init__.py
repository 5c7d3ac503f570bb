"""A vector MAC engine after SMAUG's SMV accelerator: values, cycles and energy of its kernels.

It owns the engine's parameters, cycle rules (`cycles`), values (`numerics`, `activations`) and
kernels (`kernels`). It knows nothing of graphs, tilings, hosts or memory systems: a command says
what to do with its operands.
"""

from __future__ import annotations

from accel_models.vector_mac.engine import VectorMacEngine
from accel_models.vector_mac.parameters import VectorMacParameters

__all__ = ["VectorMacEngine", "VectorMacParameters"]
