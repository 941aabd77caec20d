"""A picture in a notebook: image, alt text, and nothing that could act."""

from __future__ import annotations

import base64
import struct
from html.parser import HTMLParser
from typing import Any

import matplotlib as mpl
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.figure import Figure

from schedlab import view
from schedlab.capture import pprof, schedtrace
from schedlab.capture._pprof_schema import decode
from schedlab.errors import UsageError

TRACE = schedtrace.parse(
    b"SCHED 0ms: gomaxprocs=2 idleprocs=1 threads=4 spinningthreads=0 idlethreads=1 runqueue=0 [0 3]\n"
)
PNG = b"\x89PNG\r\n\x1a\n"


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.data = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.data += data


def hostile() -> pprof.Profile:
    """A profile whose functions are markup, mathtext, an escape sequence, quotes and no UTF-8."""
    names = [
        b"<img src=x onerror=alert(1)>",
        b"$\\frac{",
        b"\x1b]0;title\x07",
        b"\"' onload='alert(1)",
        b"\xff</figure>",
    ]
    built = decode(b"")
    built.string_table.extend([b"", b"cpu", b"count", *names])
    built.sample_type.add(type=1, unit=2)
    for i in range(len(names)):
        built.function.add(id=i + 1, name=3 + i)
        built.location.add(id=i + 1).line.add(function_id=i + 1)
        built.sample.add(location_id=[i + 1], value=[100 - i])
    return pprof.parse(built.SerializeToString())


def test_the_bundle_has_the_image_with_its_alt_text() -> None:
    figure = view.run_queues(TRACE)
    words = view.alt_text(figure)
    bundle = view.show(figure)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == words
    elements = Elements(bundle["text/html"])
    assert [tag for tag, _ in elements.found] == ["figure", "img"]
    (_, outer), (_, image) = elements.found
    assert outer["role"] == "img"
    assert outer["aria-label"] == image["alt"] == words
    kind, _, data = (image["src"] or "").partition(",")
    assert kind == "data:image/png;base64"
    png = base64.b64decode(data, validate=True)
    assert png.startswith(PNG)
    width, _ = struct.unpack(">II", png[16:24])
    assert width == 9 * 144
    assert image["width"] == str(9 * 96)


def test_ipython_shows_it() -> None:
    picture = view.show(view.run_queues(TRACE))
    formatter: Any = DisplayFormatter()
    data, _ = formatter.format(picture)
    assert data["text/html"] == picture.html
    assert data["text/plain"] == picture.alt == repr(picture)


def test_names_from_a_profile_are_inert() -> None:
    figure = view.flame(hostile(), title="<script>alert(1)</script>")
    picture = view.show(figure)
    elements = Elements(picture.html)
    assert [tag for tag, _ in elements.found] == ["figure", "img"]
    assert elements.data == ""
    assert {name for _, attributes in elements.found for name in attributes} == {
        "role",
        "aria-label",
        "style",
        "alt",
        "width",
        "src",
    }
    assert "<img src=x" in picture.alt
    assert "<img src=x" not in picture.html
    assert picture.alt.isprintable()


def test_a_figure_of_pyplot_is_closed() -> None:
    mpl.use("agg")
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    figure, ax = plt.subplots()
    view.procs(TRACE, ax=ax)
    assert len(plt.get_fignums()) == len(before) + 1
    view.show(figure)
    view.show(view.threads(TRACE))
    assert plt.get_fignums() == before


def test_the_same_data_make_the_same_picture() -> None:
    assert view.show(view.flame(hostile())) == view.show(view.flame(hostile()))


def test_a_figure_without_words_is_refused() -> None:
    figure = Figure()
    figure.add_subplot()
    for use in (view.alt_text, view.show):
        with pytest.raises(UsageError, match="no alt text"):
            use(figure)


def test_words_of_several_pictures_in_one_figure_are_joined() -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    view.procs(TRACE, ax=left)
    view.compare({"a": [1.0]}, unit="ms", ax=right)
    words = view.alt_text(figure)
    assert words.startswith("Stacked areas of running and idle Ps")
    assert words.endswith("Bars of 1 variant, in ms. a: 1.")
