"""schedlab: an executable course on the Go scheduler, and the instruments it is taught with."""

__version__ = "0.1.0"
