"""What every widget has in common: its script from the package, and words for where no script runs."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any, ClassVar, Final

import anywidget
import traitlets

STATIC: Final = Path(__file__).resolve().parents[1] / "static"


class View(anywidget.AnyWidget):
    """A widget whose script is ``view/static/<name>.js``: ``class Board(View, static="board")``.

    What the script reads are traits with the tag ``sync``; numbers go into one ``traitlets.Bytes`` trait,
    packed by ``blob.encode``. ``heading`` is plain text that stands above the view in an exported page.
    """

    heading = traitlets.Unicode("").tag(sync=True)

    _static: ClassVar[str] = ""

    def __init_subclass__(cls, *, static: str = "", **kwargs: Any) -> None:
        if static:
            cls._static = static
        super().__init_subclass__(**kwargs)

    def text_alternative(self) -> str:
        """The view in words, from its data, as plain text: for a terminal, a search, a reader of screens.

        It also stands in a saved notebook without a kernel, and in a page until the script has drawn.
        """
        return self.heading or type(self).__name__

    def shown_state(self) -> dict[str, Any]:
        """What an exported page needs of the traits, as the script gets them; binary ones are bytes."""
        # A name with an underscore is the notebook's own business, and so are layout and the like.
        generic = set(anywidget.AnyWidget.class_trait_names(sync=True))
        names = [name for name in self.keys if not name.startswith("_") and name not in generic]
        state: dict[str, Any] = self.get_state(names)
        return state

    # anywidget looks for these two names. Properties, so that a script is read when a widget is made.
    @property
    def _esm(self) -> str:
        return (STATIC / f"{self._static}.js").read_text(encoding="utf-8")

    @property
    def _css(self) -> str:
        file = STATIC / f"{self._static}.css"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def __repr__(self) -> str:
        return self.text_alternative()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget, with words beside it for whoever cannot show one."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        words = self.text_alternative()
        lines = html.escape(words).replace("\n", "<br>")
        return {**data, "text/plain": words, "text/html": f"<p>{lines}</p>"}, metadata
