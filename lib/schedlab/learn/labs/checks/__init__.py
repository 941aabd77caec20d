"""The checks, one module for each lab, each with a ``CHECK``."""
