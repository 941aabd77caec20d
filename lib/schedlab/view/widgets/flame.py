"""The interactive flame graph: one profile, two to compare, or several in which something grows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import traitlets

from schedlab.capture.pprof import Profile
from schedlab.errors import UsageError
from schedlab.timeline import Timeline
from schedlab.view.flamegraph import Stack, short_name
from schedlab.view.widgets import blob
from schedlab.view.widgets.base import View
from schedlab.view.widgets.flame_columns import encode_profiles
from schedlab.view.widgets.flame_timeline import Kind, profile_of
from schedlab.view.widgets.timeline_sources import Sources, packed_sources
from schedlab.view.wording import count, quantity, share, visible


class FlameView(View, static="flame"):
    """A flame graph to zoom, search, turn over and compare in.

    ``FlameView(profile)`` shows one profile, ``FlameView.diff(before, after)`` what changed,
    ``FlameView.growth([first, …, last])`` which stacks grew, ``FlameView.of_timeline(timeline, "off-cpu")``
    what a Timeline knows.

    ``view`` is what is seen. It follows the reader's hands, and setting it (to a part of these) moves the
    view: ``zoom`` and ``selected`` (names of functions from the root on), ``search``, ``invert`` (leaves
    first: callers merged), ``icicle`` (the root at the top), ``merge`` (one function, wherever it is called),
    ``colour`` ("package" or "change"), ``measure`` (a sample type), ``before`` and ``after`` (names of
    profiles), ``width`` ("after", "before" or "both") and ``normalised``.
    """

    data = traitlets.Bytes(b"").tag(sync=True)
    sources = traitlets.Bytes(b"").tag(sync=True)
    mode = traitlets.Enum(("profile", "diff", "growth"), "profile").tag(sync=True)
    height = traitlets.Int(460, min=120).tag(sync=True)
    view = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        profile: Profile | Mapping[str, Profile],
        *,
        sample_type: str | None = None,
        title: str = "",
        sources: Sources = True,
        view: Mapping[str, Any] | None = None,
        height: int = 460,
        mode: Literal["profile", "diff", "growth"] = "profile",
    ) -> None:
        """``profile`` is one, or several by name with the ``mode`` to compare them in, for which ``diff`` and
        ``growth`` are shorter. All sample types travel; ``sample_type`` is the one to begin with (the
        profile's default one if none is named). ``sources`` is as for a TimelineView: file → text, or
        folders below which the program's files are; False takes none along. ``height`` is in CSS pixels.

        Raises:
            UsageError: no such sample type; the profiles measure different things; or their number does not
                fit ``mode``.
            TooMuchToShow: it is more than a browser can take.
        """
        profiles = dict(profile) if isinstance(profile, Mapping) else {"profile": profile}
        _check_number(len(profiles), mode)
        encoded = encode_profiles(profiles, sample_type)
        measure = encoded.meta["measures"][encoded.meta["measure"]]
        self._words = _words(profiles, measure["type"], measure["unit"], mode, title)
        super().__init__(
            data=blob.encode("flame", encoded.columns, encoded.meta, gaps=("stack_first",)),
            sources=packed_sources(encoded.files, sources),
            mode=mode,
            heading=title,
            view=dict(view or {}),
            height=height,
        )

    @classmethod
    def diff(cls, before: Profile, after: Profile, *, normalised: bool = False, **options: Any) -> FlameView:
        """What changed between two profiles; ``normalised`` compares shares of each one's total.

        Raises:
            UsageError, TooMuchToShow: as the constructor.
        """
        view = {"normalised": normalised, **(options.pop("view", None) or {})}
        return cls({"before": before, "after": after}, mode="diff", view=view, **options)

    @classmethod
    def growth(cls, profiles: Sequence[Profile] | Mapping[str, Profile], **options: Any) -> FlameView:
        """Which stacks grew from profile to profile, as the stacks of leaking goroutines do.

        ``profiles`` are in the order of time; without names they are called "1", "2" and so on.

        Raises:
            UsageError, TooMuchToShow: as the constructor.
        """
        if not isinstance(profiles, Mapping):
            profiles = {str(number): profile for number, profile in enumerate(profiles, 1)}
        return cls(profiles, mode="growth", **options)

    @classmethod
    def of_timeline(cls, timeline: Timeline, kind: Kind, **options: Any) -> FlameView:
        """``kind`` is one of cpu, off-cpu, sched, sync (or block), syscall, net; see ``profile_of``.

        Raises:
            UsageError, TooMuchToShow: as the constructor, or there is no such kind.
        """
        return cls(profile_of(timeline, kind), **options)

    def text_alternative(self) -> str:
        """The total, the heaviest functions, and what changed or grew."""
        return self._words


def _check_number(profiles: int, mode: str) -> None:
    fits = {"profile": profiles == 1, "diff": profiles == 2, "growth": profiles >= 2}
    if mode not in fits:
        raise UsageError(f"no mode is called {mode!r}", remedy=f"Modes: {', '.join(fits)}.")
    if not fits[mode]:
        needs = {"profile": "one profile", "diff": "two profiles", "growth": "two profiles or more"}[mode]
        raise UsageError(f"mode {mode!r} is for {needs}, not {profiles}")


def _words(profiles: Mapping[str, Profile], kind: str, unit: str, mode: str, title: str) -> str:
    folded = [_positive(profile.folded(kind)) for profile in profiles.values()]
    name, last = list(profiles)[-1], folded[-1]
    whole = sum(last.values())
    deepest = max(map(len, last), default=0)
    lines = [
        f"{title or 'Flame graph'}: {visible(kind, 60)} {quantity(whole, unit)} in "
        f"{count(len(last), 'different stack')}, up to {count(deepest, 'call')} deep."
    ]
    own = Counter[str]()
    for stack, value in last.items():
        own[stack[-1] if stack else "no stack"] += value
    heaviest = [f"{visible(short_name(f), 100)} {share(v, whole)}" for f, v in own.most_common(3)]
    if heaviest:
        lines.append(f"By innermost function: {', '.join(heaviest)}.")
    if mode == "diff":
        before = sum(folded[0].values())
        lines.append(f"Before it was {quantity(before, unit)}, after {quantity(whole, unit)}.")
    if mode == "growth":
        lines.append(
            f"From {visible(next(iter(profiles)), 60)} to {visible(name, 60)}: {_grown(folded, unit)}"
        )
    return "\n".join(lines)


def _positive(stacks: Mapping[Stack, int]) -> dict[Stack, int]:
    return {stack: value for stack, value in stacks.items() if value > 0}


def _grown(folded: Sequence[Mapping[Stack, int]], unit: str) -> str:
    """How many stacks grew and never shrank, and the three that grew most."""
    growth: dict[Stack, int] = {}
    for stack in folded[-1]:
        values = [one.get(stack, 0) for one in folded]
        if values[-1] > values[0] and values == sorted(values):
            growth[stack] = values[-1] - values[0]
    if not growth:
        return "no stack grew without ever shrinking."
    most = sorted(growth, key=lambda stack: (-growth[stack], stack))[:3]
    said = [f"{visible(_named(stack), 200)} by {quantity(growth[stack], unit)}" for stack in most]
    return f"{count(len(growth), 'stack')} grew and never shrank, most of all {'; '.join(said)}."


def _named(stack: Stack) -> str:
    """By its innermost function outside the runtime, and by the outermost one."""
    own = next((f for f in reversed(stack) if not f.startswith("runtime.")), stack[-1] if stack else "")
    return f"{short_name(own)} under {short_name(stack[0])}" if stack and own != stack[0] else short_name(own)
