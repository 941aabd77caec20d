"""``schedlab.capture.pprof`` against ``go tool pprof``, on what real Go programs wrote.

``go tool pprof`` is built on its first use by the installed toolchain; the build cache keeps it.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from schedlab.capture import pprof
from schedlab.toolchain import build, find

FIXTURES = Path(__file__).parent / "fixtures" / "pprof"
KINDS = ("allocs", "block", "cpu", "goroutine", "goroutineleak", "heap", "mutex", "threadcreate")
UNITS = {"ns": "nanoseconds", "B": "bytes", "": "count"}


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Profiles that ``gen/`` has just written, built by the installed toolchain."""
    folder = tmp_path_factory.mktemp("profiles")
    subprocess.run([build(FIXTURES / "gen"), folder], check=True, timeout=120)
    return folder


@pytest.fixture(params=["committed", "fresh"])
def profiles(request: pytest.FixtureRequest) -> Path:
    return FIXTURES if request.param == "committed" else Path(request.getfixturevalue("fresh"))


def pprof_tool(*arguments: str | Path) -> str:
    chosen = find()
    command = [chosen.go, "tool", "pprof", "-symbolize=none", *arguments]
    done = subprocess.run(command, env=chosen.environment(), capture_output=True, check=True, timeout=300)
    return done.stdout.decode("utf-8", "backslashreplace")


class TopRow(NamedTuple):
    function: str
    flat: int
    flat_percent: float
    sum_percent: float
    cum: int
    cum_percent: float


_TOP_ROW = re.compile(
    r"\s*(-?\d+)(?:ns|B)? +(-?[\d.e+-]+)% +(-?[\d.e+-]+)% +(-?\d+)(?:ns|B)? +(-?[\d.e+-]+)%  (.*?)"
    r"(?: \((?:partial-)?inline\))?"
)


def top_of_the_tool(path: Path, sample_type: str, unit: str, *more: str) -> list[TopRow]:
    every = ("-nodecount=1000000", "-nodefraction=0", "-edgefraction=0")
    text = pprof_tool("-top", *every, f"-unit={unit}", f"-sample_index={sample_type}", *more, path)
    rows = text.partition("cum%\n")[2].splitlines()
    found = [_TOP_ROW.fullmatch(row) for row in rows]
    assert all(found), [row for row, match in zip(rows, found, strict=True) if not match]
    groups = [match.groups() for match in found if match]
    return [TopRow(g[5], int(g[0]), float(g[1]), float(g[2]), int(g[3]), float(g[4])) for g in groups]


def top_of_ours(profile: pprof.Profile, sample_type: str) -> list[TopRow]:
    return [TopRow(*row) for row in profile.top(sample_type).itertuples(index=False)]


def assert_same_top(ours: list[TopRow], theirs: list[TopRow]) -> None:
    assert [(row.function, row.flat, row.cum) for row in ours] == [
        (row.function, row.flat, row.cum) for row in theirs
    ]
    for mine, printed in zip(ours, theirs, strict=True):
        for column in ("flat_percent", "sum_percent", "cum_percent"):
            # measurement.Percentage prints two digits below 1 %, two decimals above, and rounds 99.95 up.
            rounding = max(0.051 if getattr(printed, column) == 100 else 0.0051, 0.06 * getattr(mine, column))
            assert getattr(mine, column) == pytest.approx(getattr(printed, column), abs=rounding)


@pytest.mark.parametrize("kind", KINDS)
def test_top_is_what_the_tool_prints(profiles: Path, kind: str) -> None:
    path = profiles / f"{kind}.pb.gz"
    profile = pprof.load(path)
    for sample_type in profile.sample_types:
        theirs = top_of_the_tool(path, sample_type.type, sample_type.unit)
        assert_same_top(top_of_ours(profile, sample_type.type), theirs)
    assert profile.top()["flat"].sum() == profile.total()


def test_filter_is_the_tool_s_focus(profiles: Path) -> None:
    path = profiles / "cpu.pb.gz"
    theirs = top_of_the_tool(path, "cpu", "nanoseconds", "-focus=recurse", "-relative_percentages")
    ours = top_of_ours(pprof.load(path).filter(function="recurse"), "cpu")
    assert len(ours) >= 4
    assert_same_top(ours, theirs)


class RawSample(NamedTuple):
    values: tuple[int, ...]
    frames: tuple[tuple[str, str, int, int], ...]
    labels: tuple[tuple[str, str], ...]


def raw_of_the_tool(path: Path) -> Counter[RawSample]:
    """Every sample with its values, its frames (function, file, line, address) and its labels."""
    text = pprof_tool("-raw", path)
    samples, _, rest = text.partition("Samples:\n")[2].partition("Locations\n")
    locations = _raw_locations(rest.partition("Mappings\n")[0])
    found: list[RawSample] = []
    for line in samples.splitlines()[1:]:
        values, colon, ids = line.partition(": ")
        if colon and re.fullmatch(r"[\s\d-]+", values):
            stack = tuple(frame for number in ids.split() for frame in locations[int(number)])
            found.append(RawSample(tuple(map(int, values.split())), stack, ()))
        else:
            found[-1] = found[-1]._replace(labels=tuple(sorted(re.findall(r"(\w+):\[(.*?)\]", line))))
    return Counter(found)


def _raw_locations(text: str) -> dict[int, tuple[tuple[str, str, int, int], ...]]:
    locations: dict[int, tuple[tuple[str, str, int, int], ...]] = {}
    number = address = 0
    for line in text.splitlines():
        start = re.match(r"\s*(\d+): 0x([0-9a-f]+) (?:M=\d+ )?", line)
        if start:
            number, address = int(start[1]), int(start[2], 16)
        described = re.fullmatch(r"\s*(.*) (\S*):(\d+):0 s=\d+", line[start.end() :] if start else line)
        assert described, line
        name = described[1] or "<unknown>"
        locations[number] = (*locations.get(number, ()), (name, described[2], int(described[3]), address))
    return locations


def raw_of_ours(profile: pprof.Profile) -> Counter[RawSample]:
    found: Counter[RawSample] = Counter()
    for row, stack_id in enumerate(profile.stack_ids.tolist()):
        stack = tuple((f.function, f.file, f.line, f.address) for f in profile.stacks[stack_id])
        labels = ((item.key, str(item.value)) for item in profile.labels[row])
        found[RawSample(tuple(profile.values[row].tolist()), stack, tuple(sorted(labels)))] += 1
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_sample_is_what_the_tool_reads(profiles: Path, kind: str) -> None:
    path = profiles / f"{kind}.pb.gz"
    theirs = raw_of_the_tool(path)
    assert theirs
    assert raw_of_ours(pprof.load(path)) == theirs


def test_the_header_is_what_the_tool_reads(profiles: Path) -> None:
    for kind in KINDS:
        path = profiles / f"{kind}.pb.gz"
        profile, text = pprof.load(path), pprof_tool("-raw", path)
        assert f"PeriodType: {profile.period_type.type} {profile.period_type.unit}\n" in text
        assert f"Period: {profile.period}\n" in text
        files = re.findall(r"^\d+: 0x([0-9a-f]+)/0x([0-9a-f]+)/0x[0-9a-f]+ (\S+)", text, re.MULTILINE)
        ours = [(f"{item.start:x}", f"{item.limit:x}", item.file) for item in profile.object_files]
        assert ours == files


def test_cpu_samples_carry_their_labels(profiles: Path) -> None:
    profile = pprof.load(profiles / "cpu.pb.gz")
    table = profile.to_pandas()
    table = table[table["label.work"].notna()]  # profiling signals may also hit the runtime's own threads
    assert set(table["label.work"]) == {"recursive", "flat"}
    assert set(table["label.odd"]) == {"a;b \\xff"}
    assert (
        profile.total("cpu")
        == profile.total("samples") * profile.period
        == table["cpu"].sum() + _unlabelled(profile)
    )
    recursive = table.loc[table["label.work"] == "recursive", "stack"]
    depth = max(sum(f.function == "main.recurse" for f in profile.stacks[i]) for i in recursive)
    assert 1 < depth <= 41


def _unlabelled(profile: pprof.Profile) -> int:
    return sum(int(row[1]) for row, labels in zip(profile.values, profile.labels, strict=True) if not labels)


def test_goroutines_are_counted_where_they_wait(profiles: Path) -> None:
    waiting = pprof.load(profiles / "goroutine.pb.gz").top().set_index("function")["cum"]
    assert waiting["main.waitForStop"] == 7
    assert waiting["main.waitForever"] == 1


def test_a_leaked_goroutine_is_found_and_a_waiting_one_is_not(profiles: Path) -> None:
    leaked = pprof.load(profiles / "goroutineleak.pb.gz").top().set_index("function")["cum"]
    assert leaked["main.waitForever"] == 1
    assert "main.waitForStop" not in leaked


def test_heap_has_four_sample_types_and_sizes_as_numbers(profiles: Path) -> None:
    profile = pprof.load(profiles / "heap.pb.gz")
    assert [kind.type for kind in profile.sample_types] == [
        "alloc_objects",
        "alloc_space",
        "inuse_objects",
        "inuse_space",
    ]
    kept = profile.top("inuse_space").set_index("function")["cum"]["main.allocate"]
    assert kept == pytest.approx(200 * 4096, rel=0.25)  # sampled: one in 512 bytes
    assert all(item.key == "bytes" and isinstance(item.value, int) for row in profile.labels for item in row)
    assert profile.default_sample_type == "inuse_space"
    assert pprof.load(profiles / "allocs.pb.gz").default_sample_type == "alloc_space"


def test_contention_names_the_function_that_holds_the_lock(profiles: Path) -> None:
    for kind in ("block", "mutex"):
        profile = pprof.load(profiles / f"{kind}.pb.gz")
        assert profile.default_sample_type == "delay"
        assert "main.contend.func1" in set(profile.top("contentions")["function"])
