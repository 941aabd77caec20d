"""The board's events: what they put where, by which rule, and that nothing is lost or counted twice."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from schedlab import process, toolchain
from schedlab.analysis import queues
from schedlab.capture import schedtrace, tracing
from schedlab.course import js
from schedlab.errors import UsageError
from schedlab.places import repository_root
from schedlab.timeline import NOBODY, Lane, Provenance, State, Timeline
from schedlab.view.widgets.blob import TooMuchToShow
from schedlab.view.widgets.board import BoardView
from schedlab.view.widgets.board_events import LIMIT, Events, board_events
from schedlab.view.widgets.board_kinds import ABOUT, POOLS, Kind, Place, pool_of
from schedlab.view.widgets.board_queues import ROOM

QUEUED = (Place.RUNNEXT, Place.LOCAL, Place.GLOBAL)
RUNNABLE = (*QUEUED, Place.HAND, Place.UNQUEUED)
FLAGS = ["-rounds", "5", "-collections", "1", "-spin", "5ms", "-heap", "4", "-samples=false"]


# -- real programs


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Timeline:
    """Everything that a trace can hold, of a program on two Ps."""
    file = tmp_path_factory.mktemp("trace") / "everything.trace"
    settings = process.GoSettings(gomaxprocs=2)
    process.run(toolchain.build("trace_everything"), ["-trace", str(file), *FLAGS], settings=settings).check()
    return Timeline.load(file)


@pytest.fixture(scope="module")
def in_calls(tmp_path_factory: pytest.TempPathFactory) -> Timeline:
    """Four goroutines that block in system calls, while main computes."""
    file = tmp_path_factory.mktemp("trace") / "calls.trace"
    settings = process.GoSettings(gomaxprocs=2)
    arguments = ["-how", "syscall", "-goroutines", "4", "-hold", "5ms"]
    tracing.record("blocked", arguments, file=file, settings=settings)
    return Timeline.load(file)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Timeline:
    """More goroutines than the queue of the only P holds."""
    file = tmp_path_factory.mktemp("trace") / "many.trace"
    settings = process.GoSettings(gomaxprocs=1)
    tracing.record("meet_gmp", ["-goroutines", 700, "-rounds", 20_000], file=file, settings=settings)
    return Timeline.load(file)


Shown = Callable[[BoardView, Iterable[int]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """What the browser's own code makes of a view at some times."""
    file = tmp_path_factory.mktemp("board") / "board.blob"

    def ask(view: BoardView, times: Iterable[int]) -> list[dict[str, Any]]:
        file.write_bytes(view.data)
        done = subprocess.run(
            [str(js.node()), "test/board_places.js"],
            cwd=js.sources(repository_root()),
            input=json.dumps({"file": str(file), "times": [int(one) for one in times]}),
            env=js.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return ask


def states_at(timeline: Timeline, t: int) -> dict[int, State]:
    """Each goroutine's state just after t, from the spans."""
    spans = timeline.spans
    start = np.asarray(spans["start"])
    chosen = (spans["lane"] == int(Lane.GOROUTINE)) & (start <= t) & (t < start + spans["dur"])
    ids = timeline.goroutines["id"][spans["id"][chosen]]
    return dict(zip(ids.tolist(), map(State, spans["state"][chosen].tolist()), strict=True))


def ms_at(timeline: Timeline, t: int) -> dict[str, int]:
    """Each running P's thread just after t, from the spans."""
    spans = timeline.spans
    start = np.asarray(spans["start"])
    chosen = (spans["lane"] == int(Lane.PROC)) & (spans["state"] == int(State.RUNNING))
    chosen &= (start <= t) & (t < start + spans["dur"])
    found = zip(spans["id"][chosen].tolist(), spans["m"][chosen].tolist(), strict=True)
    return {str(p): timeline.threads[m] for p, m in found}


STATE_OF = {
    **dict.fromkeys(RUNNABLE, State.RUNNABLE),
    Place.RUNNING: State.RUNNING,
    Place.SYSCALL: State.SYSCALL,
    Place.WAITING: State.WAITING,
    Place.UNKNOWN: State.UNKNOWN,
}


def check(timeline: Timeline, window: tuple[int, int], shown: Shown, times: list[int]) -> None:
    """Each live goroutine is in one place, that of its state; queues hold what analysis counts."""
    total = queues.reconstructed(timeline).total.at(np.array(times))
    for t, count, seen in zip(times, total, shown(BoardView(timeline, window=window), times), strict=True):
        places = {int(g): Place(place) for g, place in seen["places"].items() if place != Place.NOWHERE}
        assert {g: STATE_OF[place] for g, place in places.items()} == states_at(timeline, t)
        assert sum(place in RUNNABLE for place in places.values()) == count
        assert sorted(seen["queued"]) == sorted(g for g, place in places.items() if place in QUEUED)
        assert sorted(seen["drawn"]) == sorted(places), "each is drawn, once"
        assert {p: m for p, m in seen["running"].items() if m >= 0} == ms_at(timeline, t)
        assert "undefined" not in seen["said"]


def times_in(timeline: Timeline, window: tuple[int, int], count: int, seed: int) -> list[int]:
    """Random times, and times at which something happens."""
    dice = np.random.default_rng(seed)
    start = np.asarray(timeline.spans["start"])
    inside = start[(start >= window[0]) & (start < window[1])]
    return sorted([*dice.integers(*window, count).tolist(), *dice.choice(inside, count).tolist()])


def test_all_of_small_programs(in_calls: Timeline, many: Timeline, shown: Shown) -> None:
    for timeline in (in_calls, many):
        window = timeline.bounds_ns
        check(timeline, window, shown, times_in(timeline, window, 40, seed=1))


def test_windows_of_everything(everything: Timeline, shown: Shown) -> None:
    starts = np.sort(np.asarray(everything.spans["start"]))
    for part in range(6):
        first = int(starts[len(starts) * part // 6])
        last = int(starts[min(len(starts) * part // 6 + 4000, len(starts) - 1)])
        window = (first, max(last, first + 1000))
        check(everything, window, shown, times_in(everything, window, 15, seed=part))


def test_a_system_call_a_theft_and_a_handoff_are_seen(in_calls: Timeline) -> None:
    kinds = Counter(Kind(one).name for one in board_events(in_calls).columns["kind"].tolist())
    assert kinds["CREATED"] >= 4
    assert kinds["CALL"] >= 4
    assert kinds["P_TAKEN"] >= 1, "main computes for 5 ms while four others are in system calls on two Ps"
    assert kinds["P_STARTED"] >= 1


def test_a_full_queue_spills_into_the_global_one(many: Timeline) -> None:
    columns = board_events(many).columns
    spilt = columns["kind"] == int(Kind.SPILLED)
    assert spilt.sum() >= ROOM // 2
    assert set(columns["place"][spilt].tolist()) == {int(Place.GLOBAL)}
    assert (columns["kind"] == int(Kind.FROM_GLOBAL)).any()


# -- the rules, one by one


SPANS = ("lane", "state", "flags", "reason", "id", "m", "cause", "p", "start", "dur", "stack", "end")


class Maker:
    """A Timeline by hand. Goroutine k has id k + 1; all spans of a goroutine follow one another."""

    def __init__(self, base: Timeline, goroutines: int, *, created: dict[int, int] | None = None) -> None:
        self._base, self._count, self._created = base, goroutines, created or {}
        self._rows: list[tuple[int, ...]] = []
        self._reasons = [""]
        self._marks: list[tuple[int, int]] = []

    def span(
        self,
        lane: Lane,
        owner: int,
        state: State,
        start: int,
        end: int,
        *,
        p: int = NOBODY,
        m: int = NOBODY,
        reason: str = "",
        cause: int = NOBODY,
    ) -> None:
        if reason not in self._reasons:
            self._reasons.append(reason)
        number = self._reasons.index(reason)
        self._rows.append((lane, state, 0, number, owner, m, cause, p, start, end - start, 0, 0))

    def g(self, owner: int, state: State, start: int, end: int, **more: Any) -> None:
        self.span(Lane.GOROUTINE, owner, state, start, end, **more)

    def proc(self, p: int, start: int, end: int, m: int = NOBODY) -> None:
        state = State.IDLE if m == NOBODY else State.RUNNING
        self.span(Lane.PROC, p, state, start, end, p=p, m=m)

    def stop(self, start: int, end: int) -> None:
        self._marks.append((start, end))

    def timeline(self, *, known: Provenance = Provenance.RECORDED) -> Timeline:
        self._rows.sort(key=lambda row: row[8] + row[9])
        columns = {name: np.asarray(column).dtype for name, column in self._base.spans.items()}
        table = np.array(self._rows, np.int64).reshape(-1, len(SPANS))
        texts = ("", "main.work", "stop-the-world (GC mark termination)")
        marks = {
            name: np.zeros(len(self._marks), np.asarray(column).dtype)
            for name, column in self._base.marks.items()
        }
        marks["start"][:] = [start for start, _ in self._marks]
        marks["dur"][:] = [end - start for start, end in self._marks]
        marks["name"][:] = 2
        gs = range(self._count)
        last = {row[4]: row[8] + row[9] for row in self._rows if row[0] == Lane.GOROUTINE}
        duration = max(row[8] + row[9] for row in self._rows)
        return replace(
            self._base,
            spans={name: table[:, at].astype(columns[name]) for at, name in enumerate(SPANS)},
            marks=marks,
            goroutines={
                "id": np.arange(self._count) + 1,
                "created": np.array([self._created.get(g, -1) for g in gs], np.int64),
                "ended": np.array([last[g] if last.get(g, duration) < duration else -1 for g in gs]),
                "creator": np.full(self._count, NOBODY, np.int32),
                "start": np.zeros(self._count, np.uint32),
                "function": np.ones(self._count, np.uint32),
            },
            stacks={"start": np.zeros(2, np.uint32), "frame": np.zeros(0, np.uint32)},
            frames={name: np.zeros(0, np.uint32) for name in ("function", "file", "line")},
            texts=texts,
            reasons=tuple(self._reasons),
            threads=(100, 101, 102),
            meta={"source": "made", "events": 0, "duration_ns": duration, "bytes_read": 0, "lost": ""},
            provenance={"spans.state": known},
        )


@pytest.fixture
def maker(in_calls: Timeline) -> Callable[..., Maker]:
    return lambda *arguments, **more: Maker(in_calls, *arguments, **more)


def told(events: Events, *, after: int = 0) -> list[tuple[Any, ...]]:
    """(time, kind, goroutine's row, place, P, position) of what happens after the beginning."""
    names = ("time", "kind", "g", "place", "p", "at")
    rows = zip(*(events.columns[name].tolist() for name in names), strict=True)
    return [
        (time, Kind(kind).name, g, Place(place).name, p, at)
        for time, kind, g, place, p, at in rows
        if Kind(kind) is not Kind.SEEN and time >= after
    ]


RUN, READY, WAIT, CALL = State.RUNNING, State.RUNNABLE, State.WAITING, State.SYSCALL


def test_the_last_created_goes_first_and_a_thief_takes_half(maker: Callable[..., Maker]) -> None:
    """newproc and ready put into runnext; who was there goes to the tail; runqsteal runs the newest first."""
    made = maker(6, created={g: 10 * g for g in range(1, 6)})
    made.proc(0, 0, 200, m=0)
    made.proc(1, 0, 60)
    made.proc(1, 60, 200, m=1)
    made.g(0, RUN, 0, 200, p=0, m=0)
    for g, (begins, p) in {1: (80, 1), 2: (70, 1), 3: (150, 0), 4: (160, 0), 5: (170, 0)}.items():
        made.g(g, READY, 10 * g, begins, p=0, m=0, cause=0)
        made.g(g, RUN, begins, begins + 5, p=p, m=p)
    found = told(board_events(made.timeline()))
    assert found[:3] == [
        (10, "CREATED", 1, "RUNNEXT", 0, 0),
        (20, "CREATED", 2, "RUNNEXT", 0, 0),
        (20, "KICKED", 1, "LOCAL", 0, 0),
    ]
    assert [row for row in found if 60 <= row[0] < 100 and row[1] != "ENDED"] == [
        (60, "P_STARTED", -1, "NOWHERE", 1, 0),
        (70, "STOLEN", 2, "RUNNING", 1, 0),
        (70, "ALONG", 1, "LOCAL", 1, 0),
        (80, "PICKED", 1, "RUNNING", 1, 0),
    ]


@pytest.mark.parametrize(
    ("before", "reason", "woken", "wanted"),
    [
        ((RUN, ""), "preempted", {}, ("PREEMPTED", "GLOBAL", -1)),
        ((RUN, ""), "runtime.Gosched", {}, ("YIELDED", "GLOBAL", -1)),
        ((WAIT, "chan receive"), "", {"cause": 1}, ("READIED", "RUNNEXT", 0)),
        ((WAIT, "GC mark assist wait for work"), "", {"cause": 1}, ("READIED", "LOCAL", 0)),
        ((WAIT, "sleep"), "", {}, ("TIMER", "RUNNEXT", 0)),
        ((WAIT, "sleep"), "", {"p": -1}, ("TIMER", "GLOBAL", -1)),
        ((WAIT, "network"), "", {"p": -1}, ("NETWORK", "GLOBAL", -1)),
        ((WAIT, "network"), "", {}, ("NETWORK", "HAND", 0)),
        ((WAIT, "system goroutine wait"), "", {}, ("FOUND", "HAND", 0)),
        ((CALL, ""), "", {}, ("RETURNED_TO_P", "HAND", 0)),
        ((CALL, ""), "", {"p": -1}, ("RETURNED_WITHOUT_P", "GLOBAL", -1)),
    ],
)
def test_where_who_becomes_runnable_goes(
    maker: Callable[..., Maker],
    before: tuple[State, str],
    reason: str,
    woken: dict[str, int],
    wanted: tuple[str, str, int],
) -> None:
    made = maker(2)
    made.proc(0, 0, 100, m=0)
    made.g(0, before[0], 0, 50, reason=before[1], p=0, m=0)
    made.g(0, READY, 50, 60, reason=reason, **{"p": 0, "m": 0, **woken})
    made.g(0, RUN, 60, 100, p=0, m=0)
    made.g(1, WAIT, 0, 100, reason="select")
    first, then, *_ = told(board_events(made.timeline()))
    assert (first[1], *first[3:5]) == wanted
    assert then[1] in ("PICKED", "FROM_GLOBAL", "STARTED")
    assert then[3:5] == ("RUNNING", 0)


def test_preempted_for_a_stopped_world_it_stays_next(maker: Callable[..., Maker]) -> None:
    made = maker(1)
    made.proc(0, 0, 100, m=0)
    made.stop(40, 70)
    made.g(0, RUN, 0, 50, p=0, m=0)
    made.g(0, READY, 50, 80, reason="preempted", p=0, m=0)
    made.g(0, RUN, 80, 100, p=0, m=0)
    events = board_events(made.timeline())
    assert [row[1:4] for row in told(events)] == [
        ("STOPPED", -1, "NOWHERE"),
        ("PREEMPTED", 0, "RUNNEXT"),
        ("RESTARTED", -1, "NOWHERE"),
        ("PICKED", 0, "RUNNING"),
    ]
    stopped = events.columns["reason"][events.columns["kind"] == int(Kind.STOPPED)]
    assert events.reasons[int(stopped[0])].startswith("stop-the-world")


def test_a_share_of_the_global_queue_comes_along(maker: Callable[..., Maker]) -> None:
    """globrunqgetbatch: one P may take the whole queue, as far as it then runs it."""
    made = maker(4)
    made.proc(0, 0, 100, m=0)
    for g in range(3):
        made.g(g, CALL, 0, 10 + g, m=1)
        made.g(g, READY, 10 + g, 50 + 10 * g)
        made.g(g, RUN, 50 + 10 * g, 55 + 10 * g, p=0, m=0)
    made.g(3, RUN, 0, 40, p=0, m=0)
    found = [row for row in told(board_events(made.timeline()), after=50) if row[1] != "ENDED"]
    assert found == [
        (50, "FROM_GLOBAL", 0, "RUNNING", 0, 0),
        (50, "ALONG", 1, "LOCAL", 0, 0),
        (50, "ALONG", 2, "LOCAL", 0, 1),
        (60, "PICKED", 1, "RUNNING", 0, 0),
        (70, "PICKED", 2, "RUNNING", 0, 0),
    ]


def test_a_p_is_taken_from_a_system_call_and_its_goroutine_stays(maker: Callable[..., Maker]) -> None:
    made = maker(2)
    made.proc(0, 0, 50, m=0)
    made.proc(0, 50, 60)
    made.proc(0, 60, 100, m=1)
    made.g(0, RUN, 0, 20, p=0, m=0)
    made.g(0, CALL, 20, 100, p=0, m=0)
    made.g(1, READY, 0, 70, p=0, m=0)
    made.g(1, RUN, 70, 100, p=0, m=1)
    events = board_events(made.timeline())
    assert told(events) == [
        (20, "CALL", 0, "SYSCALL", 0, 0),
        (50, "P_TAKEN", 0, "SYSCALL", -1, 0),
        (50, "P_IDLE", -1, "NOWHERE", 0, 0),
        (60, "P_STARTED", -1, "NOWHERE", 0, 0),
        (70, "PICKED", 1, "RUNNING", 0, 0),
    ]
    assert events.columns["head"].sum() == len(events) - 1, "that P0 is idle then is part of it"


def test_a_p_that_is_removed_gives_its_queue_away(maker: Callable[..., Maker]) -> None:
    made = maker(3)
    made.proc(0, 0, 100, m=0)
    made.proc(1, 0, 40, m=1)
    made.g(0, RUN, 0, 100, p=0, m=0)
    made.g(1, READY, 0, 100, p=1, m=1)
    made.g(2, READY, 1, 100, p=1, m=1)
    assert told(board_events(made.timeline()), after=40) == [
        (40, "P_GONE", -1, "NOWHERE", 1, 0),
        (40, "SPILLED", 2, "GLOBAL", -1, 0),
        (40, "SPILLED", 1, "GLOBAL", -1, 1),
    ]


def test_samples_are_shown_as_samples(shown: Shown) -> None:
    fixture = repository_root() / "tests/capture/fixtures/schedtrace/go1.27_detail_syscalls.txt"
    timeline = Timeline.from_schedtrace(schedtrace.parse(fixture.read_text()))
    events = board_events(timeline)
    assert {kind for _, kind, *_ in told(events)} <= {"SAMPLED", "LOST", "ENDED", "P_GONE"}
    assert events.known is Provenance.SAMPLED
    view = BoardView(timeline)
    assert "sampled" in view.text_alternative()
    for t, seen in zip((0, 1), shown(view, (0, timeline.duration_ns // 2)), strict=True):
        places = {int(g): Place(place) for g, place in seen["places"].items() if place != Place.NOWHERE}
        assert places, t
        assert not {Place.RUNNEXT, Place.LOCAL, Place.GLOBAL} & set(places.values())


# -- what is refused, and what is said


def test_too_long_a_window_is_refused_with_one_that_fits(
    everything: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LIMIT == 20_000
    monkeypatch.setattr("schedlab.view.widgets.board_events.LIMIT", 500)
    with pytest.raises(TooMuchToShow, match="at most 500") as refused:
        board_events(everything)
    found = re.search(r"window=\((\d+), (\d+)\)", str(refused.value))
    assert found
    advised = board_events(everything, (int(found[1]), int(found[2])))
    assert 50 < len(advised) <= 500


def test_windows_that_are_none(in_calls: Timeline) -> None:
    for wrong in ((5, 5), (10, 2), (in_calls.duration_ns + 1, in_calls.duration_ns + 9)):
        with pytest.raises(UsageError, match="no time of the timeline"):
            BoardView(in_calls, window=wrong)


def test_nothing_at_all_is_a_board_too(in_calls: Timeline, shown: Shown) -> None:
    empty = in_calls.filter(goroutine=1).filter(state=State.IDLE)
    assert len(empty) == 0
    view = BoardView(replace(empty, marks={name: column[:0] for name, column in empty.marks.items()}))
    assert view.text_alternative().startswith("Board: ")
    assert shown(view, [0])[0]["places"] == {}


def test_the_board_in_words_and_its_options(in_calls: Timeline) -> None:
    hostile = "</script><img src=x onerror=alert(1)>"
    view = BoardView(in_calls, title=hostile, view={"t": 5, "speed": 100}, group="pair")
    words = view.text_alternative()
    assert words.startswith(hostile)
    assert "entered a system call: " in words
    assert "on 2 Ps" in words
    state = view.shown_state()
    assert state["view"] == {"t": 5, "speed": 100}
    assert state["group"] == "pair"
    assert len(state["data"]) < 60_000


def test_events_are_in_time_s_order_and_the_same_every_time(everything: Timeline) -> None:
    window = (everything.duration_ns // 2, everything.duration_ns // 2 + 2_000_000)
    one, other = (board_events(everything, window).columns for _ in range(2))
    assert (np.diff(one["time"]) >= 0).all()
    for name, column in one.items():
        assert (column == other[name]).all()
    assert one["time"].min() >= window[0]


def test_every_symbol_is_in_the_installed_runtime() -> None:
    runtime = toolchain.find().runtime_source
    source = "\n".join(file.read_text(encoding="utf-8") for file in sorted(runtime.glob("*.go")))
    for about in ABOUT.values():
        for name in re.findall(r"[A-Za-z]+(?=$| |,)", re.sub(r"\(.*?\)", "", about.symbol)):
            assert re.search(rf"^func (\([^)]*\) )?{name}\(", source, re.M), about
    assert f"runq     [{ROOM}]guintptr" in source


def test_each_reason_has_a_pool() -> None:
    known = toolchain.find().runtime_source / "traceruntime.go"
    reasons = re.findall(r"traceBlock\w+:\s+\"([^\"]+)\"", known.read_text(encoding="utf-8"))
    assert len(reasons) > 10
    assert {POOLS[pool_of(one)] for one in reasons} == set(POOLS[:-1])
    assert POOLS[pool_of("select")] == POOLS[pool_of("chan send")]
    assert POOLS[pool_of("sync.Mutex.Lock")] == "Wait: locks"
