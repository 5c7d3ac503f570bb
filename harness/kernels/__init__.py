"""The host's own work in C++ without dependencies: tile copies, layouts, CPU operators.

The engine and a guest runtime link the same library, so bytes and counts are the same.
`costs.json` says how many instructions each routine takes; `count_instructions` writes it.
"""
