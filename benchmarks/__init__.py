"""Speed and memory beside what one would do by hand: `python -m benchmarks [name …]` prints one table.

A benchmark is a module of this package with `rows() -> list[Row]`; it is found by being here.
"""
