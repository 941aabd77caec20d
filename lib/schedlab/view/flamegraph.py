"""A static flame graph: the root at the bottom, width is share, what is called stands on its caller."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch, Rectangle

from schedlab.capture.pprof import Profile
from schedlab.errors import UsageError
from schedlab.view import style
from schedlab.view.wording import count, quantity, share, visible

Stack: TypeAlias = tuple[str, ...]
"""Function names, the root first."""

OTHER: Final = "(other)"
_MOST_LEVELS: Final = 60
_ROW_INCHES: Final = 0.235
_SMALLEST_TYPE: Final = 5.0
_RUNTIME: Final = "runtime"
_OTHER_PACKAGES: Final = "other packages"
_NAMED_FILLS: Final = (style.ORANGE, style.BLUE, style.TEAL, style.CYAN)
_LONGEST_NAME: Final = 200


@style.explicit
def flame(
    profile: Profile,
    *,
    sample_type: str | None = None,
    ax: Axes | None = None,
    min_fraction: float = 0.002,
    focus: str | None = None,
    title: str | None = None,
) -> Figure:
    """A flame graph of one sample type (the profile's default one if none is named).

    Frames narrower than ``min_fraction`` of the whole are merged, per caller, into one "(other)". ``focus``
    keeps the stacks that have a function in which this regular expression is found, and makes them the
    whole. The four heaviest packages have colours of their own; the runtime is grey, hatched and in italics.
    More than 60 levels are cut off. Recorded: everything; the values are the profile's.

    Raises:
        UsageError: no such sample type, ``focus`` is no regular expression, or ``min_fraction`` is not
            at least 0 and below 1.
    """
    if not 0 <= min_fraction < 1:
        raise UsageError(f"min_fraction must be at least 0 and below 1, not {min_fraction}")
    unit = profile.unit(sample_type)
    chosen = profile.default_sample_type if sample_type is None else sample_type
    measured = (profile if focus is None else profile.filter(function=focus)).folded(sample_type)
    stacks = {stack: value for stack, value in measured.items() if value > 0}
    whole = sum(stacks.values())
    boxes = list(_boxes(list(stacks.items()), whole, whole * min_fraction))
    levels = 1 + max((box.level for box in boxes), default=0)
    ax = _axes(ax, levels)
    if not boxes:
        return style.no_samples(ax, f"Flame graph of {visible(chosen, 60)}", title)
    package = _packages(stacks)
    said = quantity(whole, unit)
    _draw(ax, boxes, levels, _fills(stacks, package), f"all: {said}")
    ax.set_xlabel(f"share (%) of {said}, {visible(chosen, 60)}", color=style.INK, parse_math=False)
    blamed = _blamed(stacks, package)
    sentences = [
        f"Flame graph of {visible(chosen, 60)}: {said} in {count(len(stacks), 'different stack')}, "
        f"up to {count(max(map(len, stacks)), 'call')} deep.",
        *_sentences(stacks, package, blamed, focus),
    ]
    if len(stacks) < len(measured):
        sentences.append(f"{count(len(measured) - len(stacks), 'stack')} with a value below zero left out.")
    return style.finish(ax, title or _message(blamed, whole, chosen), sentences)


@dataclass(frozen=True, slots=True)
class _Box:
    """A rectangle: ``left`` and ``width`` as fractions of the whole, ``level`` 0 is the root."""

    function: str
    left: float
    width: float
    level: int
    cut: bool


def _boxes(stacks: Sequence[tuple[Stack, int]], whole: int, smallest: float) -> Iterator[_Box]:
    """The rectangles, the root first. Only callers that are wide enough are looked into.

    Without recursion: stacks are deeper than Python's own.
    """
    pending = [("", stacks, whole, 0, 0)] if whole else []
    while pending:
        function, through, value, start, level = pending.pop()
        deeper = [(stack, part) for stack, part in through if len(stack) > level]
        cut = level == _MOST_LEVELS and bool(deeper)
        yield _Box(function, start / whole, value / whole, level, cut)
        if cut:
            continue
        for callee, its_stacks, its_value in _callees(deeper, level, smallest):
            pending.append((callee, its_stacks, its_value, start, level + 1))
            start += its_value


def _callees(
    stacks: Sequence[tuple[Stack, int]], level: int, smallest: float
) -> list[tuple[str, list[tuple[Stack, int]], int]]:
    """What a function calls, the widest first; the narrow ones as one, without what they call, last."""
    groups: defaultdict[str, list[tuple[Stack, int]]] = defaultdict(list)
    for item in stacks:
        groups[item[0][level]].append(item)
    found = [(name, group, sum(value for _, value in group)) for name, group in groups.items()]
    found.sort(key=lambda callee: (-callee[2], callee[0]))
    wide = [callee for callee in found if callee[2] >= smallest]
    rest = sum(value for _, _, value in found[len(wide) :])
    return [*wide, (OTHER, [], rest)] if rest else wide


def _axes(ax: Axes | None, levels: int) -> Axes:
    if ax is not None:
        return style.in_our_colours(ax)
    # Margins in inches and no layout engine: labels are cut to their box when they are made.
    height = 1.75 + _ROW_INCHES * max(levels, 4)
    figure = style.new_figure(10, height, layout=None)
    return figure.add_axes((0.02, 0.95 / height, 0.96, 1 - 1.5 / height))


def _draw(ax: Axes, boxes: list[_Box], levels: int, fills: Mapping[str, str], root_label: str) -> None:
    by_package: defaultdict[str, list[_Box]] = defaultdict(list)
    for box in boxes:
        by_package[_category(box, fills)].append(box)
    for package, members in by_package.items():
        corners = [
            [
                (b.left, b.level),
                (b.left + b.width, b.level),
                (b.left + b.width, b.level + 1),
                (b.left, b.level + 1),
            ]
            for b in members
        ]
        ax.add_collection(PolyCollection(corners, linewidths=0.8, **_look(package, fills)))  # type: ignore[arg-type]
    ax.set(xlim=(0, 1), ylim=(0, levels), yticks=[])
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
    ax.spines["left"].set_visible(False)
    _write_labels(ax, boxes, levels, fills, root_label)
    _legend(ax, by_package, fills)


def _look(package: str, fills: Mapping[str, str]) -> dict[str, object]:
    if package == _RUNTIME:
        return {"facecolor": style.GREY, "edgecolor": style.BACKGROUND, "hatch": "/////"}
    if package == "":
        return {"facecolor": style.BACKGROUND, "edgecolor": style.FAINT_INK}
    return {"facecolor": fills.get(package, style.YELLOW), "edgecolor": style.BACKGROUND}


def _category(box: _Box, fills: Mapping[str, str]) -> str:
    if box.level == 0 or box.function == OTHER:
        return ""
    package = package_of(box.function)
    if is_runtime(package):
        return _RUNTIME
    return package if package in fills else _OTHER_PACKAGES


def _write_labels(
    ax: Axes, boxes: list[_Box], levels: int, fills: Mapping[str, str], root_label: str
) -> None:
    extent, dots = ax.get_window_extent(), style.figure_of(ax).dpi
    size = min(9.0, 0.62 * extent.height / levels / dots * 72)
    if size < _SMALLEST_TYPE:
        return
    ruler = _Ruler(FontProperties(family=["DejaVu Sans"], size=size), dots)
    for box in boxes:
        name = root_label if box.level == 0 else short_name(box.function)
        text = ruler.cut(
            visible(name, _LONGEST_NAME) + (" …" if box.cut else ""), box.width * extent.width - 6
        )
        if not text:
            continue
        runtime = _category(box, fills) == _RUNTIME
        label = ax.text(
            box.left + 3 / extent.width, box.level + 0.46, text, size=size, va="center", color=style.INK,
            style="italic" if runtime else "normal", parse_math=False, clip_on=True,
        )  # fmt: skip
        if runtime:  # a plain ground under the letters, or the hatching crosses them out
            label.set_bbox({"facecolor": style.GREY, "edgecolor": "none", "pad": 0.6})
        label.set_clip_path(Rectangle((box.left, box.level), box.width, 1, transform=ax.transData))


class _Ruler:
    """Measures text as Agg draws it: hinting makes letters wider at some resolutions than at others."""

    _RESOLUTIONS = (1.0, 1.44)  # the figure's own, and about that of ``show``

    def __init__(self, font: FontProperties, dots: float) -> None:
        self._font = font
        agg: Any = RendererAgg
        self._renderers = [(scale, agg(1, 1, scale * dots)) for scale in self._RESOLUTIONS]

    def cut(self, text: str, room: float) -> str:
        """``text``, shortened with "…" to fit ``room`` pixels; empty if not even three letters do."""
        if self._width(text) <= room:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._width(text[:middle] + "…") <= room else (low, middle - 1)
        return text[:low] + "…" if low >= 3 else ""

    def _width(self, text: str) -> float:
        return max(
            float(renderer.get_text_width_height_descent(text, self._font, ismath=False)[0]) / scale
            for scale, renderer in self._renderers
        )


def _legend(ax: Axes, present: Mapping[str, object], fills: Mapping[str, str]) -> None:
    shown = [package for package in (*fills, _OTHER_PACKAGES, _RUNTIME) if package in present]
    keys = [Patch(linewidth=0.8, label=visible(package, 32), **_look(package, fills)) for package in shown]  # type: ignore[arg-type]
    if not keys:
        return
    below = -0.52 / (ax.get_window_extent().height / style.figure_of(ax).dpi)
    legend = ax.legend(
        handles=keys, loc="upper left", bbox_to_anchor=(0, below), ncols=len(keys), borderaxespad=0,
        title="package", alignment="left", handlelength=1.6, columnspacing=1.4,
    )  # fmt: skip
    for text in (*legend.get_texts(), legend.get_title()):
        text.set_parse_math(False)
        text.set_color(style.INK)


def _packages(stacks: Mapping[Stack, int]) -> dict[str, str]:
    """The package of each function, found once: a profile has few functions and millions of frames."""
    return {function: package_of(function) for function in {name for stack in stacks for name in stack}}


def _fills(stacks: Mapping[Stack, int], package: Mapping[str, str]) -> dict[str, str]:
    """Colours for the packages that are on most of the stacks, ``main`` first. The runtime has its own."""
    weight: Counter[str] = Counter()
    for stack, value in stacks.items():
        for name in {package[function] for function in stack}:
            weight[name] += value
    named = [name for name in weight if name and not is_runtime(name)]
    heaviest = sorted(named, key=lambda name: (name != "main", -weight[name], name))
    return dict(zip(heaviest, _NAMED_FILLS, strict=False))


def _blamed(stacks: Mapping[Stack, int], package: Mapping[str, str]) -> Counter[str]:
    """Each stack's value goes to its innermost function outside the runtime, which a reader can change."""
    runtime = {function for function, name in package.items() if is_runtime(name)}
    blamed: Counter[str] = Counter()
    for stack, value in stacks.items():
        if stack:
            own = (function for function in reversed(stack) if function not in runtime)
            blamed[next(own, stack[-1])] += value
    return blamed


def _message(blamed: Counter[str], whole: int, sample_type: str) -> str:
    if not blamed:
        return f"{visible(sample_type, 60)}: no stack is known"
    function, value = blamed.most_common(1)[0]
    return f"{share(value, whole)} of {visible(sample_type, 60)} is in {visible(short_name(function), 60)}"


def _sentences(
    stacks: Mapping[Stack, int], package: Mapping[str, str], blamed: Counter[str], focus: str | None
) -> Iterator[str]:
    whole = sum(stacks.values())
    if focus is not None:
        yield f"Only stacks with a function like {visible(focus, 80)}."
    heaviest = [f"{visible(short_name(f), 100)} {share(value, whole)}" for f, value in blamed.most_common(3)]
    if heaviest:
        yield f"By innermost function outside the runtime: {', '.join(heaviest)}."
    runtime = sum(value for stack, value in stacks.items() if stack and is_runtime(package[stack[-1]]))
    yield f"In {share(runtime, whole)} the innermost call is in the runtime."
    if max(map(len, stacks)) > _MOST_LEVELS:
        yield f"Cut off above {_MOST_LEVELS} calls."


def package_of(function: str) -> str:
    """``runtime/pprof`` for ``runtime/pprof.Do``; empty for a name without one, such as ``[libc.so.6]``."""
    path, _, _ = function.partition("[")
    folder, slash, rest = path.rpartition("/")
    name, dot, _ = rest.partition(".")
    return folder + slash + name if dot else ""


def short_name(function: str) -> str:
    """``http.(*conn).serve`` for ``net/http.(*conn).serve``; type arguments become ``[…]``."""
    path, _, rest = function.partition("[")
    if not path:
        return function
    _, closed, after = rest.rpartition("]")
    return path.rpartition("/")[2] + (f"[…]{after}" if closed else function[len(path) :])


def is_runtime(package: str) -> bool:
    """Whether it is the runtime itself or a part of it. ``runtime/pprof`` and its like are libraries."""
    return package == "runtime" or package.startswith(("internal/runtime/", "runtime/internal/"))
