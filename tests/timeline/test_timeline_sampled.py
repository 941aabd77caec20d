"""Timelines of schedtrace's samples."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from schedlab import process, toolchain
from schedlab.capture import schedtrace
from schedlab.errors import UsageError
from schedlab.timeline import NOBODY, OPEN_END, OPEN_START, Lane, Provenance, State, Timeline

FIXTURES = Path(__file__).parent.parent / "capture" / "fixtures" / "schedtrace"
SUMMARY = "SCHED {}ms: gomaxprocs=2 idleprocs=0 threads=4 spinningthreads=0 idlethreads=0 runqueue=1 [3 0]\n"


def detail(ms: int, *lines: str) -> str:
    head = (
        f"SCHED {ms}ms: gomaxprocs=2 idleprocs=0 threads=3 spinningthreads=0 needspinning=0 idlethreads=0 "
        "runqueue=0 gcwaiting=false nmidlelocked=0 stopwait=0 sysmonwait=false"
    )
    return "\n".join([head, *lines]) + "\n"


def p_line(p: int, status: int, m: int | str = "nil") -> str:
    return f"  P{p}: status={status} schedtick=0 syscalltick=0 m={m} runqsize=0 gfreecnt=0 timerslen=0"


def m_line(
    m: int, p: int | str = "nil", curg: int | str = "nil", spinning: str = "false", blocked: str = "false"
) -> str:
    return (
        f"  M{m}: p={p} curg={curg} mallocing=0 throwing=0 preemptoff= locks=0 dying=0 "
        f"spinning={spinning} blocked={blocked} lockedg=nil"
    )


def g_line(g: int, status: int, reason: str = "", m: int | str = "nil") -> str:
    return f"  G{g}: status={status}({reason}) m={m} lockedm=nil"


def sampled(text: str, release: str = "go1.27") -> Timeline:
    trace = schedtrace.parse(text.encode(), release=release)
    assert not trace.rejects
    return Timeline.from_schedtrace(trace)


def words(timeline: Timeline, lane: Lane) -> list[tuple[int, str, str, float, float, int | None, int | None]]:
    """Id, state, reason, start and end in ms, P and M of a lane's spans."""
    found = []
    spans = timeline.filter(lane=lane)
    for row in range(len(spans)):
        span = spans.span(row)
        end = (span.start_ns + span.dur_ns) / 1e6
        found.append((span.id, span.state.name, span.reason, span.start_ns / 1e6, end, span.p, span.thread))
    return sorted(found)


TWO_SAMPLES = (
    detail(
        5,
        p_line(0, 1, m=0),
        p_line(1, 0),
        m_line(3, blocked="true"),
        m_line(2, p=1, spinning="true"),
        m_line(1),
        m_line(0, p=0, curg=1),
        g_line(1, 2, "chan receive", m=0),
        g_line(2, 4, "force gc (idle)"),
        g_line(7, 1, "sleep"),
    )
    + detail(
        15,
        p_line(0, 1, m=0),
        p_line(1, 3, m=2),
        m_line(3, curg=7),
        m_line(2, p=1),
        m_line(1),
        m_line(0, p=0, curg=1),
        g_line(1, 2, "chan receive", m=0),
        g_line(2, 4, "force gc (idle)"),
        g_line(7, 3, "sleep", m=3),
    )
    + detail(25, p_line(0, 0), p_line(1, 0), m_line(0, blocked="true"), g_line(2, 4, "force gc (idle)"))
)


def test_samples_by_hand() -> None:
    timeline = sampled(TWO_SAMPLES)
    assert timeline.duration_ns == 20_000_000
    assert words(timeline, Lane.PROC) == [
        (0, "RUNNING", "", 0, 20, 0, 0),
        (1, "IDLE", "", 0, 10, 1, None),
        (1, "WAITING", "stop-the-world", 10, 20, 1, 2),
    ]
    assert words(timeline, Lane.GOROUTINE) == [
        (1, "RUNNING", "", 0, 20, 0, 0),
        (2, "WAITING", "force gc (idle)", 0, 20, None, None),
        (7, "RUNNABLE", "", 0, 10, None, None),
        (7, "SYSCALL", "", 10, 20, None, 3),
    ]
    assert words(timeline, Lane.THREAD) == [
        (0, "RUNNING", "", 0, 20, 0, 0),
        (1, "IDLE", "", 0, 20, None, 1),
        (2, "SCHEDULING", "", 10, 20, 1, 2),
        (2, "SCHEDULING", "spinning", 0, 10, 1, 2),
        (3, "IDLE", "blocked", 0, 10, None, 3),
        (3, "SYSCALL", "", 10, 20, None, 3),
    ]


def test_what_is_known_of_the_edges() -> None:
    timeline = sampled(TWO_SAMPLES)
    flags = {(span[1], span[3]): 0 for span in words(timeline, Lane.GOROUTINE)}
    goroutines = timeline.filter(lane=Lane.GOROUTINE)
    for row in range(len(goroutines)):
        flags[goroutines.span(row).state.name, goroutines.span(row).start_ns / 1e6] = int(
            goroutines.spans["flags"][row]
        )
    assert flags == {
        ("RUNNING", 0): OPEN_START,  # gone in the last sample
        ("WAITING", 0): OPEN_START | OPEN_END,
        ("RUNNABLE", 0): OPEN_START,
        ("SYSCALL", 10): 0,
    }
    threads = timeline.threads_lane()
    assert len(threads) == 6
    assert set(threads.provenance.values()) == {Provenance.SAMPLED}
    causes = threads.filter(state=State.RUNNING).spans["cause"]
    assert timeline.goroutines["id"][causes].tolist() == [1]


def test_counters() -> None:
    timeline = sampled(SUMMARY.format(2) + SUMMARY.format(12))
    counters = timeline.counters
    rows = list(
        zip(
            counters["time"].tolist(),
            timeline.names(counters["name"]).tolist(),
            counters["p"].tolist(),
            counters["value"].tolist(),
            strict=True,
        )
    )
    assert [row for row in rows if row[0] == 0] == [
        (0, "sched.gomaxprocs", NOBODY, 2),
        (0, "sched.idleprocs", NOBODY, 0),
        (0, "sched.threads", NOBODY, 4),
        (0, "sched.spinningthreads", NOBODY, 0),
        (0, "sched.idlethreads", NOBODY, 0),
        (0, "sched.runqueue", NOBODY, 1),
        (0, "sched.runq", 0, 3),
        (0, "sched.runq", 1, 0),
    ], "needspinning is not printed here, so it has no row"
    assert len(rows) == 16
    assert rows[-1][0] == 10_000_000
    assert timeline.meta["period_ns"] == 10_000_000
    assert (timeline.meta["samples"], timeline.meta["snapshots"], len(timeline)) == (2, 0, 0)


@pytest.mark.parametrize("file", sorted(FIXTURES.glob("go1.*_detail*.txt")), ids=lambda file: file.stem)
def test_every_releases_format(file: Path) -> None:
    trace = schedtrace.parse(file, release=file.name.split("_")[0])
    timeline = Timeline.from_schedtrace(trace)
    check(timeline)
    assert State.UNKNOWN not in timeline.spans["state"]
    assert timeline.meta["snapshots"] == len(trace.snapshots) > 0
    assert bool(timeline.lost) == bool(trace.rejects)
    names = timeline.names(timeline.counters["name"])
    for name, of_column in (("gomaxprocs", trace.summaries.gomaxprocs), ("threads", trace.summaries.threads)):
        values = timeline.counters["value"][names == f"sched.{name}"]
        assert values.tolist() == of_column[of_column >= 0].tolist()


def check(timeline: Timeline) -> None:
    """What must hold of every sampled timeline."""
    spans = timeline.spans
    assert set(timeline.provenance.values()) == {Provenance.SAMPLED}
    assert (spans["dur"] > 0).all()
    assert (np.diff(spans["start"] + spans["dur"]) >= 0).all()
    assert (spans["start"] >= 0).all()
    for lane in Lane:
        mine = spans["lane"] == int(lane)
        order = np.lexsort((spans["start"][mine], spans["id"][mine]))
        owner, start = spans["id"][mine][order], spans["start"][mine][order]
        end = start + spans["dur"][mine][order]
        same = owner[1:] == owner[:-1]
        assert (start[1:][same] >= end[:-1][same]).all()
    assert timeline._repr_html_()
    timeline.to_arrow().validate(full=True)


@pytest.mark.parametrize(
    ("release", "status", "state", "reason"),
    [
        ("go1.27", 0x1002, State.RUNNING, ""),
        ("go1.27", 0x1004, State.WAITING, "sleep"),
        ("go1.27", 8, State.UNKNOWN, "_Gcopystack"),
        ("go1.27", 9, State.WAITING, "sleep"),
        ("go1.27", 10, State.WAITING, "sleep"),
        ("go1.4", 4, State.WAITING, "sleep"),
        ("go1.27", 77, State.UNKNOWN, "unknown(77)"),
    ],
)
def test_statuses_of_goroutines(release: str, status: int, state: State, reason: str) -> None:
    one = g_line(1, status, "sleep")
    found = sampled(detail(0, one) + detail(1, one), release).filter(lane=Lane.GOROUTINE).span(0)
    assert (found.state, found.reason) == (state, reason)


@pytest.mark.parametrize(("release", "status"), [("go1.27", 6), ("go1.27", 11), ("go1.4", 6)])
def test_dead_goroutines_have_no_span(release: str, status: int) -> None:
    one = g_line(1, status)
    assert len(sampled(detail(0, one) + detail(1, one), release)) == 0


@pytest.mark.parametrize(
    ("release", "status", "state", "reason"),
    [
        ("go1.25", 2, State.SYSCALL, ""),
        ("go1.27", 2, State.SYSCALL, ""),
        ("go1.4", 0, State.IDLE, ""),
        ("go1.27", 3, State.WAITING, "stop-the-world"),
        ("go1.27", 9, State.UNKNOWN, "unknown(9)"),
    ],
)
def test_statuses_of_ps(release: str, status: int, state: State, reason: str) -> None:
    one = p_line(0, status)
    found = sampled(detail(0, one) + detail(1, one), release).filter(lane=Lane.PROC).span(0)
    assert (found.state, found.reason) == (state, reason)


def test_a_dead_p_has_no_span() -> None:
    assert len(sampled(detail(0, p_line(0, 4)) + detail(1, p_line(0, 4)))) == 0


def test_a_gap_ends_a_span() -> None:
    one, none = g_line(1, 4, "sleep"), g_line(2, 4, "sleep")
    timeline = sampled("".join(detail(ms, line) for ms, line in enumerate([one, none, one, one])))
    assert [span[3:5] for span in words(timeline, Lane.GOROUTINE) if span[0] == 1] == [(0, 1), (2, 3)]


def test_one_sample_has_no_duration() -> None:
    timeline = sampled(detail(7, g_line(1, 4, "sleep")))
    assert (len(timeline), timeline.duration_ns, timeline.meta["period_ns"]) == (0, 0, 0)
    assert timeline.goroutines["id"].tolist() == [1]


def test_its_tables_are_those_of_a_trace(workshop: Timeline) -> None:
    timeline = sampled(TWO_SAMPLES)
    for table in ("spans", "marks", "counters", "samples", "goroutines", "stacks", "frames"):
        theirs, ours = getattr(workshop, table), getattr(timeline, table)
        assert {name: column.dtype for name, column in ours.items()} == {
            name: column.dtype for name, column in theirs.items()
        }


def test_what_cannot_be_one_programs_is_refused() -> None:
    for text in (b"", b"hello\n"):
        with pytest.raises(UsageError, match="no SCHED line"):
            Timeline.from_schedtrace(schedtrace.parse(text))
    twice = (SUMMARY.format(0) + SUMMARY.format(50) + SUMMARY.format(0)).encode()
    with pytest.raises(UsageError, match="goes back at line 3"):
        Timeline.from_schedtrace(schedtrace.parse(twice))


class EnoughError(Exception):
    """Ends a program that has printed what a test needs."""


def printed(samples: int) -> str:
    """What a program that never idles for long prints with scheddetail, until the given sample is whole."""
    lines: list[str] = []

    def keep(stream: str, line: str) -> None:
        if stream == "stderr":
            lines.append(line.rstrip("\n"))
            if sum(line.startswith("SCHED") for line in lines) > samples:
                raise EnoughError

    settings = process.GoSettings(gomaxprocs=2, schedtrace_ms=10, scheddetail=True)
    program = toolchain.build("article_endpoint")
    flags = ["-for", "50s", "-bursts", "0", "-goroutines", "50"]
    with pytest.raises(EnoughError):
        process.run(program, flags, settings=settings, on_line=keep)
    return "\n".join(lines[:-1]) + "\n"


def test_a_real_program(tmp_path: Path) -> None:
    trace = schedtrace.parse(printed(samples=5).encode())
    timeline = Timeline.from_schedtrace(trace)
    check(timeline)
    assert (timeline.meta["samples"], timeline.meta["snapshots"]) == (5, 5)
    procs = timeline.filter(lane=Lane.PROC).spans
    assert set(procs["id"].tolist()) == {0, 1}
    assert procs["dur"].sum() == 2 * timeline.duration_ns > 0
    for m in trace.snapshots[0].ms:
        assert m.id in timeline.threads
    assert timeline.names(timeline.counters["name"]).tolist().count("sched.runq") == 10
    file = tmp_path / "sampled.timeline"
    timeline.save(file)
    assert repr(Timeline.open(file)) == repr(timeline)


def test_one_that_is_printed_twice_counts_once() -> None:
    trace = schedtrace.parse((detail(0, p_line(0, 1)) + detail(9)).encode())
    twice = dataclasses.replace(trace.snapshots[0], ps=trace.snapshots[0].ps * 2)
    timeline = Timeline.from_schedtrace(dataclasses.replace(trace, snapshots=(twice, trace.snapshots[1])))
    assert words(timeline, Lane.PROC) == [(0, "RUNNING", "", 0, 9, 0, None)]
