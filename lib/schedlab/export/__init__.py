"""A Timeline → bytes that other tools read.

- ``to_pprof(timeline, kind)``: where goroutines waited, for ``go tool pprof``
- ``to_chrome(timeline, file)``: all of it, for ui.perfetto.dev and chrome://tracing
"""

from schedlab.export.chrome import Written
from schedlab.export.chrome import write as to_chrome
from schedlab.export.errors import ExportFailed, TooMuchToShow
from schedlab.export.pprof import profile as to_pprof

__all__ = ["ExportFailed", "TooMuchToShow", "Written", "to_chrome", "to_pprof"]
