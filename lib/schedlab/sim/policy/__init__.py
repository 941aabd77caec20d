"""The rules of the scheduler, without an engine: each is one function, named as in the runtime.

A docstring names the symbol of runtime/proc.go (or the file) that it is after. The rules say what happens and
how long it takes; when, a driver decides (``sim.drivers``).
"""
