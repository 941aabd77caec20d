"""Pictures in a notebook: an image with its alt text."""

from __future__ import annotations

import base64
import html
import io
import sys
from dataclasses import dataclass
from typing import Final

from matplotlib.figure import Figure

from schedlab.view import style
from schedlab.view.alttext import alt_text

_DOTS_PER_INCH: Final = 144
_CSS_PIXELS_PER_INCH: Final = 96


@dataclass(frozen=True, slots=True)
class Picture:
    """A rendered figure. JupyterLab shows ``html``; a terminal, a search or a diff sees ``alt``."""

    png: bytes
    alt: str
    width: int

    @property
    def html(self) -> str:
        """``<figure>`` with the image as a data URL; ``width`` is in CSS pixels."""
        words = html.escape(self.alt, quote=True)
        data = base64.b64encode(self.png).decode("ascii")
        return (
            f'<figure role="img" aria-label="{words}" style="margin:0">'
            f'<img alt="{words}" width="{self.width}" style="max-width:100%;height:auto" '
            f'src="data:image/png;base64,{data}"></figure>'
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """What IPython asks for. It sorts out ``include`` and ``exclude`` by itself."""
        del include, exclude
        return {"text/html": self.html, "text/plain": self.alt}

    def __repr__(self) -> str:
        return self.alt


def show(figure: Figure) -> Picture:
    """Render ``figure`` for a notebook, with its alt text, and close it.

    JupyterLab's own display of a figure has no alt text. Closed means: a figure that pyplot made is
    forgotten by pyplot, so that it is neither shown a second time nor kept in memory.

    Raises:
        UsageError: the figure has no alt text: nothing in it was drawn by ``schedlab.view``.
    """
    words = alt_text(figure)
    image = io.BytesIO()
    with style.settings():
        figure.savefig(image, format="png", dpi=_DOTS_PER_INCH, facecolor=figure.get_facecolor())
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
    return Picture(image.getvalue(), words, round(figure.get_figwidth() * _CSS_PIXELS_PER_INCH))
