# The C++ engine; bindings.cc, bindings_config.cc and bindings_kernels.cc say what is there.
from typing import Any

def __getattr__(name: str) -> Any: ...
