"""The flame graph's columns say what the profiles say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedlab import process, toolchain
from schedlab.capture import pprof
from schedlab.capture.pprof import Frame, Profile
from schedlab.errors import UsageError
from schedlab.export import pprof as exported
from schedlab.timeline import OPEN_END, OPEN_START, Lane, State, Timeline
from schedlab.view.widgets import flame_columns
from schedlab.view.widgets.flame import FlameView
from schedlab.view.widgets.flame_columns import Encoded, encode_profiles, kind_of
from schedlab.view.widgets.flame_timeline import KINDS, profile_of

FIXTURES = sorted((Path(__file__).parents[1] / "capture" / "fixtures" / "pprof").glob("*.pb.gz"))
HOSTILE = "<img src=x onerror=alert(1)>"

Stack = tuple[tuple[str, str, int], ...]


def stacks_of(encoded: Encoded) -> list[Stack]:
    """As the browser reads them, the leaf first."""
    columns, meta = encoded.columns, encoded.meta
    frames = [
        (meta["functions"][function], meta["files"][file], line)
        for function, file, line in zip(
            columns["frame_function"].tolist(),
            columns["frame_file"].tolist(),
            columns["frame_line"].tolist(),
            strict=True,
        )
    ]
    first = columns["stack_first"].tolist()
    numbers = columns["stack_frame"].tolist()
    return [tuple(frames[number] for number in numbers[a:b]) for a, b in pairwise(first)]


@pytest.mark.parametrize("file", FIXTURES, ids=lambda file: file.name)
def test_every_sample_type_of_a_real_profile_arrives_whole(file: Path) -> None:
    loaded = pprof.load(file)
    encoded = encode_profiles({"p": loaded}, None)
    stacks = stacks_of(encoded)
    assert len(set(stacks)) == len(stacks), "each different stack once"
    measures = encoded.meta["measures"]
    assert [one["type"] for one in measures] == [kind.type for kind in loaded.sample_types]
    assert measures[encoded.meta["measure"]]["type"] == loaded.default_sample_type
    for m, measure in enumerate(measures):
        values = encoded.columns[f"value_0_{m}"]
        assert int(values.sum()) == loaded.total(measure["type"])
        wanted: defaultdict[Stack, int] = defaultdict(int)
        column = loaded.values[:, m].tolist()
        for stack_id, value in zip(loaded.stack_ids.tolist(), column, strict=True):
            key = tuple((frame.function, frame.file, frame.line) for frame in loaded.stacks[stack_id])
            wanted[key] += value
        assert dict(zip(stacks, values.tolist(), strict=True)) == wanted


STACKS = st.lists(st.sampled_from(["main.a", "main.b", "runtime.c", "net/http.d", HOSTILE]), max_size=5)
SAMPLES = st.lists(st.tuples(STACKS.map(tuple), st.integers(-5, 2**40)), max_size=20)


@settings(max_examples=60, deadline=None)
@given(st.lists(SAMPLES, min_size=2, max_size=4))
def test_several_profiles_share_their_stacks(
    new_profile: Callable[..., Profile], samples: list[list[tuple[tuple[str, ...], int]]]
) -> None:
    profiles = {str(k): new_profile(rows) for k, rows in enumerate(samples)}
    encoded = encode_profiles(profiles, "cpu")
    stacks = [tuple(frame[0] for frame in stack[::-1]) for stack in stacks_of(encoded)]
    for k, rows in enumerate(samples):
        wanted = dict.fromkeys(stacks, 0)
        for stack, value in rows:
            wanted[stack] += max(value, 0)
        assert dict(zip(stacks, encoded.columns[f"value_{k}_0"].tolist(), strict=True)) == wanted
    negative = sum(value < 0 for rows in samples for _, value in rows)
    assert encoded.meta["measures"][0]["left_out"] == negative
    assert encoded.meta["series"] == list(profiles)


def test_sums_that_javascript_cannot_hold_travel_as_floats(new_profile: Callable[..., Profile]) -> None:
    big = new_profile([(("main.a",), 2**62), (("main.a",), 2**62), (("main.b",), 2**62)])
    encoded = encode_profiles({"p": big}, None)
    assert encoded.columns["value_0_0"].tolist() == [2.0**63, 2.0**62]
    assert not encoded.meta["measures"][0]["exact"]
    assert FlameView(big).data
    small = encode_profiles({"p": new_profile([(("main.a",), 2**53)])}, None)
    assert small.meta["measures"][0]["exact"]


def test_what_does_not_fit_together_is_refused(new_profile: Callable[..., Profile]) -> None:
    one = new_profile([(("main.a",), 1)])
    bytes_ = new_profile([(("main.a",), 1)], unit="bytes")
    other = new_profile([(("main.a",), 1)], kind="heap")
    with pytest.raises(UsageError, match="no sample type 'nothing'"):
        FlameView(one, sample_type="nothing")
    with pytest.raises(UsageError, match="'cpu' is in count, but in bytes in 'after'"):
        FlameView.diff(one, bytes_)
    with pytest.raises(UsageError, match="no sample type 'cpu'"):
        FlameView.diff(one, other)
    with pytest.raises(UsageError, match="'growth' is for two profiles or more, not 1"):
        FlameView.growth([one])
    with pytest.raises(UsageError, match="'profile' is for one profile, not 2"):
        FlameView({"a": one, "b": one})
    with pytest.raises(UsageError, match="there is no profile"):
        encode_profiles({}, None)


def test_a_comparison_has_the_sample_types_that_both_have() -> None:
    cpu, heap = (
        pprof.load(next(f for f in FIXTURES if f.name == name)) for name in ("cpu.pb.gz", "heap.pb.gz")
    )
    some = replace(
        heap,
        sample_types=heap.sample_types[2:],
        values=heap.values[:, 2:],
        default_sample_type=heap.sample_types[2].type,
    )
    encoded = encode_profiles({"before": heap, "after": some}, some.default_sample_type)
    assert [one["type"] for one in encoded.meta["measures"]] == [kind.type for kind in some.sample_types]
    for m, kind in enumerate(some.sample_types):
        assert int(encoded.columns[f"value_0_{m}"].sum()) == heap.total(kind.type)
    with pytest.raises(UsageError):
        encode_profiles({"before": cpu, "after": heap}, None)


@pytest.mark.parametrize(
    ("package", "file", "kind"),
    [
        ("runtime", "/go/src/runtime/proc.go", "runtime"),
        ("internal/runtime/maps", "", "runtime"),
        ("runtime/pprof", "/go/src/runtime/pprof/pprof.go", "standard library"),
        ("net/http", "net/http/server.go", "standard library"),
        ("main", "/home/me/src/main/main.go", "module"),
        ("github.com/x/y", "/home/me/go/pkg/mod/github.com/x/y@v1.0.0/y.go", "module"),
        ("sched/internal/report", "/home/me/sched/internal/report/r.go", "module"),
        ("", "", "no package"),
    ],
)
@pytest.mark.parametrize("with_go", [True, False])
def test_whose_a_package_is(
    package: str, file: str, kind: str, with_go: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not with_go:
        monkeypatch.setattr(flame_columns, "_standard_tops", frozenset)
    assert kind_of(package, file) == kind


def test_in_words(new_profile: Callable[..., Profile]) -> None:
    before = new_profile([(("main.main", "main.work"), 60), (("main.main", HOSTILE), 40)])
    after = new_profile([(("main.main", "main.work"), 90), (("main.main", "main.new", "runtime.gopark"), 30)])
    assert FlameView(before, title="Work").text_alternative() == (
        "Work: cpu 100 in 2 different stacks, up to 2 calls deep.\n"
        f"By innermost function: main.work 60 %, {HOSTILE} 40 %."
    )
    assert (
        FlameView.diff(before, after).text_alternative().splitlines()[-1] == "Before it was 100, after 120."
    )
    grown = FlameView.growth({"first": before, "then": after, "last": after}).text_alternative()
    assert grown.splitlines()[-1] == (
        "From first to last: 2 stacks grew and never shrank, most of all main.new under main.main by 30; "
        "main.work under main.main by 30."
    )
    assert "no stack grew" in FlameView.growth([after, before, new_profile([])]).text_alternative()
    assert "0 different stacks" in FlameView(new_profile([])).text_alternative()
    bundle, _ = FlameView(before)._repr_mimebundle_()
    assert "<img" not in bundle["text/html"]


def test_the_sources_that_travel(new_profile: Callable[..., Profile], tmp_path: Path) -> None:
    own = tmp_path / "main.go"
    own.write_text("package main\n")
    (tmp_path / "secret.txt").write_text("secret")
    frames = tuple(
        Frame("main.a", str(tmp_path / name), 1, "", 0, None) for name in ("main.go", "secret.txt")
    )
    one = replace(new_profile([(("main.a",), 1)]), stacks=(frames,))
    assert FlameView(one).sources == b"", "the file is nobody's"
    assert FlameView(one, sources=[tmp_path]).sources
    assert FlameView(one, sources={"x.go": "package x"}).sources
    assert FlameView(one, sources=False).sources == b""


@pytest.fixture(scope="module")
def timeline(tmp_path_factory: pytest.TempPathFactory) -> Timeline:
    file = tmp_path_factory.mktemp("trace") / "everything.trace"
    flags = ["-rounds", "5", "-collections", "1", "-spin", "5ms", "-heap", "4"]
    process.run(toolchain.build("trace_everything"), ["-trace", str(file), *flags]).check()
    return Timeline.load(file)


def test_profiles_of_a_timeline(timeline: Timeline) -> None:
    spans = timeline.spans
    waiting = (spans["lane"] == int(Lane.GOROUTINE)) & (spans["state"] == int(State.WAITING))
    waiting &= (spans["flags"] & (OPEN_START | OPEN_END)) == 0
    off = profile_of(timeline, "off-cpu")
    assert off.total("delay") == int(spans["dur"][waiting].sum()) > 0
    assert off.total("contentions") == int(waiting.sum())
    assert len({timeline.reasons[number] for number in spans["reason"][waiting].tolist()}) > 1

    # How often a program is sampled nobody knows before; so the samples are made, from stacks that it had.
    samples = spans["stack"][waiting][:200]
    rows = np.arange(len(samples))
    made = {"time": rows, "g": rows, "m": rows, "p": rows, "stack": samples}
    cpu = profile_of(replace(timeline, samples=made), "cpu")
    assert cpu.total() == len(samples) > 20
    assert cpu.default_sample_type == "samples"
    counted: defaultdict[str, int] = defaultdict(int)
    for number in samples.tolist():
        counted[timeline.texts[int(timeline.leaf_function[number])]] += 1
    flat = cpu.top()
    assert {row.function: row.flat for row in flat.itertuples() if row.flat} == {
        name: number for name, number in counted.items() if name
    }

    for kind in ("sched", "sync", "syscall", "net"):
        assert profile_of(timeline, kind).total() == exported.records(timeline, kind).total()
    assert all(FlameView.of_timeline(timeline, kind, sources=False).data for kind in KINDS)
    with pytest.raises(UsageError, match="no profile of kind 'heat'"):
        profile_of(timeline, "heat")  # type: ignore[arg-type]
