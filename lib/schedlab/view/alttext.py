"""Alt text: the sentences that say in words what a picture shows. They live in the picture itself."""

from __future__ import annotations

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure

from schedlab.errors import UsageError
from schedlab.view.wording import visible


def alt_text(figure: Figure) -> str:
    """The alt text of a picture of this room: one to a few plain sentences, without control characters.

    Raises:
        UsageError: no part of the figure was drawn by ``schedlab.view``.
    """
    found = figure.findobj(lambda artist: isinstance(artist, _AltText))
    sentences = [artist.sentences for artist in found if isinstance(artist, _AltText)]
    if not sentences:
        raise UsageError(
            "the figure has no alt text", remedy="Draw it, or a part of it, with a function of schedlab.view."
        )
    return visible(" ".join(sentences))


def describe(place: Axes | Figure, sentences: str) -> None:
    """Keep ``sentences`` as the alt text of ``place``."""
    place.add_artist(_AltText(sentences))


class _AltText(Artist):
    """An artist that draws nothing: so the words stay with the axes, wherever these end up."""

    def __init__(self, sentences: str) -> None:
        super().__init__()
        self.sentences = sentences
        self.set_in_layout(False)

    def draw(self, renderer: RendererBase) -> None:
        """Nothing to draw."""
