"""Accelerator models that ship with harness, written against the SDK of `harness.bridge`.

It owns what the modelled devices compute, how many cycles of their own clock their units need and
what energy their actions cost, each number with its source. It knows nothing of sockets, the wall
clock, graphs, the compiler, the host or the memory system; of harness it may import
`harness.bridge` and `harness.base` only.
"""
