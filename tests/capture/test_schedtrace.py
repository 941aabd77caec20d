"""schedtrace of every era: recorded by real programs, written by hand, damaged."""

from __future__ import annotations

import dataclasses
import gzip
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from schedlab.capture import schedtrace
from schedlab.capture.errors import CaptureError
from schedlab.capture.schedtrace import columns
from schedlab.capture.stderr_lines import KEPT_BYTES, MAX_LINE_BYTES, Source
from schedlab.errors import SchedlabError, UsageError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FIXTURES = Path(__file__).parent / "fixtures" / "schedtrace"
RECORDED = ("go1.19", "go1.21", "go1.22", "go1.23", "go1.24", "go1.25", "go1.26", "go1.27")
LINE = (
    "SCHED 10ms: gomaxprocs=2 idleprocs=1 threads=5 spinningthreads=1 needspinning=0 idlethreads=2 "
    "runqueue=3 [ 4 5 ] schedticks=[ 60 70 ]\n"
)
HEADER = (
    "SCHED 10ms: gomaxprocs=2 idleprocs=1 threads=5 spinningthreads=1 needspinning=0 idlethreads=2 "
    "runqueue=3 gcwaiting=false nmidlelocked=0 stopwait=0 sysmonwait=true\n"
)


def p_line(p: int, status: int = 1) -> str:
    return f"  P{p}: status={status} schedtick=7 syscalltick=8 m=nil runqsize=9 gfreecnt=0 timerslen=1\n"


def g_line(status: int) -> str:
    return f"  G1: status={status}(sleep) m=nil lockedm=nil\n"


def minor(release: str) -> int:
    return int(release.removeprefix("go1."))


class TestRecorded:
    """What the releases really print; what is expected is taken from the text by other means."""

    @pytest.mark.parametrize("file", sorted(FIXTURES.glob("go1.??_*.txt")), ids=lambda file: file.stem)
    def test_every_sched_line_is_a_row(self, file: Path) -> None:
        text = file.read_text()
        trace = schedtrace.parse(file)
        times = [int(time) for time in re.findall(r"SCHED (\d+)ms: gomaxprocs", text)]
        torn = [reject for reject in trace.rejects if reject.text.startswith("SCHED ")]
        assert trace.lines == text.count("\n") + (not text.endswith("\n"))
        assert len(trace.summaries) + len(torn) == len(times) >= 2
        if not torn:
            assert trace.summaries.time_ms.tolist() == times

    @pytest.mark.parametrize("release", RECORDED)
    def test_columns_of_the_era(self, release: str) -> None:
        trace = schedtrace.parse(FIXTURES / f"{release}_plain.txt")
        table = trace.summaries
        assert not trace.rejects
        assert not trace.snapshots
        assert table.local_runq.shape == table.schedticks.shape == (len(table), 4)
        assert (table.gomaxprocs == 4).all()
        assert (table.spinningthreads >= 0).all()
        assert (table.local_runq >= 0).all()
        assert bool((table.needspinning >= 0).all()) == (minor(release) >= 20)
        assert bool((table.needspinning == -1).all()) == (minor(release) < 20)
        assert bool((table.schedticks >= 0).all()) == (minor(release) >= 25)
        assert bool((table.schedticks == -1).all()) == (minor(release) < 25)

    @pytest.mark.parametrize("release", RECORDED)
    def test_the_programs_own_lines_are_kept(self, release: str) -> None:
        trace = schedtrace.parse(FIXTURES / f"{release}_plain.txt")
        texts = [line.text for line in trace.program_output]
        assert [text for text in texts if text.startswith("round ")] == [
            f"round {i}: 800 buffers" for i in range(1, 16, 2)
        ]
        # The program prints this without a newline, so that what comes next is glued to it.
        assert sum("no newline yet..." in text for text in texts) == 4

    @pytest.mark.parametrize("release", RECORDED)
    def test_scheddetail(self, release: str) -> None:
        text = (FIXTURES / f"{release}_detail.txt").read_text()
        trace = schedtrace.parse(text, release=release)
        assert len(trace.snapshots) == len(trace.summaries) == text.count("ms: gomaxprocs=")
        for kind, count in (("P", "ps"), ("M", "ms"), ("G", "gs")):
            lines = re.findall(rf"^  {kind}\d+: .*", text, re.MULTILINE)
            rejected = [reject for reject in trace.rejects if reject.text.startswith(f"  {kind}")]
            assert sum(len(getattr(detail, count)) for detail in trace.snapshots) == len(lines) - len(
                rejected
            )
        assert trace.summaries.line.tolist() == [detail.line for detail in trace.snapshots]
        for detail in trace.snapshots:
            for p in detail.ps:
                assert trace.summaries.local_runq[detail.row, p.id] == p.runqsize
                assert trace.summaries.schedticks[detail.row, p.id] == p.schedtick
        last = trace.snapshots[-2]
        assert {g.wait_reason for g in last.gs} >= {"chan receive", "select (no cases)", "force gc (idle)"}
        assert [g.lockedm for g in last.gs if g.wait_reason == "select (no cases)"] != [None]
        assert {g.status_name for g in last.gs} >= {"_Gsyscall", "_Gwaiting"}
        assert {p.status_name for p in last.ps} <= {"_Pidle", "_Prunning"}
        assert all(m.blocked is not None and m.preemptoff is not None for m in last.ms)

    def test_a_torn_line_at_the_end_of_a_process(self) -> None:
        trace = schedtrace.parse(FIXTURES / "go1.19_detail.txt")
        assert [(reject.line_no, reject.text[:4]) for reject in trace.rejects] == [(trace.lines, "  P0")]

    @pytest.mark.parametrize(("release", "seen"), [("go1.19", True), ("go1.25", True), ("go1.27", False)])
    def test_a_p_in_a_system_call(self, release: str, seen: bool) -> None:
        """Until Go 1.25 the P's status says so; since 1.26 only the G's does."""
        trace = schedtrace.parse(FIXTURES / f"{release}_detail_syscalls.txt", release=release)
        ps = {p.status_name for detail in trace.snapshots for p in detail.ps}
        gs = {g.status_name for detail in trace.snapshots for g in detail.gs}
        assert ("_Psyscall" in ps) == seen
        assert "_Psyscall_unused" not in ps
        assert "_Gsyscall" in gs

    def test_gomaxprocs_changes(self) -> None:
        table = schedtrace.parse(FIXTURES / "go1.27_gomaxprocs_2_to_8.txt").summaries
        assert set(table.gomaxprocs.tolist()) == {2, 8}
        assert table.max_p == 8
        two = table.gomaxprocs == 2
        for lists in (table.local_runq, table.schedticks):
            assert (lists[two][:, 2:] == -1).all()
            assert (lists[~two] >= 0).all()
        detail = schedtrace.parse(FIXTURES / "go1.25_detail_gomaxprocs_8_to_3.txt")
        assert [len(snapshot.ps) for snapshot in detail.snapshots] == detail.summaries.gomaxprocs.tolist()
        assert {len(snapshot.ps) for snapshot in detail.snapshots} == {8, 3}

    @pytest.mark.parametrize("release", ["go1.19", "go1.24", "go1.27"])
    def test_gctrace_lines_are_program_output(self, release: str) -> None:
        file = FIXTURES / f"{release}_with_gctrace.txt"
        trace = schedtrace.parse(file)
        cycles = [
            line for line in trace.program_output if re.search(r"gc \d+ @.* P( \(forced\))?$", line.text)
        ]
        assert len(cycles) == file.read_text().count(" ms clock, ") > 5
        assert not trace.rejects

    def test_a_panic_prints_a_snapshot(self) -> None:
        """``startpanic_m`` in runtime/panic.go calls schedtrace(true) whenever schedtrace is on."""
        trace = schedtrace.parse(FIXTURES / "go1.27_panic.txt")
        assert len(trace.summaries) == 4
        (detail,) = trace.snapshots
        assert detail.row == 2
        assert [m.dying for m in detail.ms] == [0, 0, 0, 1]
        assert trace.program_output[0].text == "panic: the end"
        assert not trace.rejects

    def test_interleaved_by_a_real_program(self) -> None:
        trace = schedtrace.parse(FIXTURES / "go1.27_interleaved.txt")
        assert len(trace.summaries) == 45
        assert [reject.line_no for reject in trace.rejects] == [9, 100, 262, 263, 323]
        assert trace.rejects[2].reason == "runqueue is 'a', not an integer of at most 18 digits"


class TestWrittenByHand:
    def test_go1_2(self) -> None:
        trace = schedtrace.parse(FIXTURES / "go1.2_plain.txt", release="go1.2")
        table = trace.summaries
        assert table.line.tolist() == [1, 3, 4, 5]
        assert table.time_ms.tolist() == [0, 1004, 2005, 3008]
        assert table.gomaxprocs.tolist() == [4, 4, 4, 1]
        assert table.idleprocs.tolist() == [2, 0, 0, 0]
        assert table.threads.tolist() == [3, 11, 11, 11]
        assert table.spinningthreads.tolist() == table.needspinning.tolist() == [-1] * 4
        assert table.idlethreads.tolist() == [0, 4, 4, 4]
        assert table.runqueue.tolist() == [0, 8, 6, 0]
        assert table.local_runq.tolist() == [[0, 0, 0, 0], [0, 1, 0, 3], [1, 128, 2, 0], [3, -1, -1, -1]]
        assert (table.schedticks == -1).all()
        assert trace.program_output == (schedtrace.Line(2, "listening on :8080"),)
        assert trace.rejects == ()

    def test_go1_2_detail(self) -> None:
        trace = schedtrace.parse(FIXTURES / "go1.2_detail.txt", release="go1.2")
        (detail,) = trace.snapshots
        assert trace.rejects == ()
        assert detail.spinningthreads == 1  # printed as nmspinning
        assert (detail.gcwaiting, detail.sysmonwait) == (False, False)
        assert detail.ps == (
            schedtrace.P(2, 0, 1, "Prunning", 151, 12, 0, 4, 0, None, {"runqsize": "4/128"}),
            schedtrace.P(3, 1, 2, "Psyscall", 97, 33, 3, 0, 2, None, {"runqsize": "0/128"}),
        )
        old = {"gcing": "0", "helpgc": "0"}
        assert detail.ms[:2] == (
            schedtrace.M(4, 3, 1, 5, 0, 0, None, 0, 0, False, None, None, old),
            schedtrace.M(5, 2, None, None, 0, 0, None, 0, 0, True, None, None, old),
        )
        assert detail.gs[0] == schedtrace.G(8, 1, 4, "Gwaiting", False, "chan receive", None, 0)
        assert [g.status_name for g in detail.gs] == [
            "Gwaiting",
            "Grunnable",
            "Gwaiting",
            "Grunning",
            "Gsyscall",
            "Gdead",
        ]
        assert trace.summaries.local_runq.tolist() == [[4, 0]]
        assert trace.summaries.schedticks.tolist() == [[151, 97]]

    def test_go1_4(self) -> None:
        table = schedtrace.parse(FIXTURES / "go1.4_plain.txt", release="go1.4").summaries
        assert table.spinningthreads.tolist() == [0, 1, 0]
        assert table.local_runq[2].tolist() == [4, 0, 7, 1, 0, 3, 2, 2]
        (detail,) = schedtrace.parse(FIXTURES / "go1.4_detail.txt", release="go1.4").snapshots
        assert (detail.gcwaiting, detail.nmidlelocked, detail.stopwait) == (True, 1, 1)
        assert [p.status_name for p in detail.ps] == ["Pgcstop", "Prunning"]
        assert [(g.status, g.status_name, g.scan) for g in detail.gs][2:] == [
            (4100, "Gscanwaiting", True),
            (2, "Grunning", False),
            (4098, "Gscanrunning", True),
            (8, "Gcopystack", False),
        ]

    def test_go1_5_detail(self) -> None:
        trace = schedtrace.parse(FIXTURES / "go1.5_detail.txt", release="go1.5")
        (detail,) = trace.snapshots
        assert [m.preemptoff for m in detail.ms] == ["", "", "", "write heap dump"]
        assert [m.spinning for m in detail.ms] == [True, False, False, False]
        assert detail.gs[1].wait_reason == "force gc (idle)"
        assert trace.rejects == ()

    def test_damaged(self) -> None:
        trace = schedtrace.parse(FIXTURES / "damaged.txt", release="go1.27")
        assert trace.summaries.line.tolist() == [1, 2, 8, 8, 11, 13, 25]
        assert trace.summaries.time_ms.tolist() == [0, 10, 50, 60, 90, 100, 110]
        assert trace.summaries.extra == {4: {"nodes": "2", "perNode": "[ 1 1 ]", "policy": "fair"}}
        assert trace.summaries.local_runq[5:].tolist() == [[6, -1], [0, -1]]
        assert [(line.line_no, line.text) for line in trace.program_output] == [
            (2, "starting..."),
            (15, "\tfrom the program, in the middle of it"),
            (18, "a log line before an M line"),
            (24, "SCHED of the rings"),
        ]
        assert [(reject.line_no, reject.reason) for reject in trace.rejects] == [
            (3, "torn or interleaved at 'spinningthre'"),
            (4, "torn: only the beginning of a record"),
            (5, "torn: the rest of a record whose beginning is missing"),
            (6, "torn or interleaved at ' [ 0gc 1 @0.041s 1%: 0.13+11+0.045 ms cl'"),
            (7, "torn: the rest of a record whose beginning is missing"),
            (9, "gomaxprocs=2 but 3 run queues"),
            (10, "threads is '99999999999999999999', not an integer of at most 18 digits"),
            (12, "a P line without its SCHED line"),
            (16, "torn: no runqsize"),
            (22, "a P line without its SCHED line"),
            (23, "a G line without its SCHED line"),
            (27, "P7 although gomaxprocs=2"),
            (28, "torn: only the beginning of a record"),
        ]
        first, second = trace.snapshots
        assert (first.row, second.row) == (5, 6)
        assert [m.extra for m in first.ms] == [{}, {"signalstack": "0x1000"}]
        assert [g.status_name for g in first.gs] == ["_Grunning", "_Gscanleaked", "_Gdeadextra"]


class TestTolerance:
    @pytest.mark.parametrize("lists", ["[4 5]", "[ 4 5 ]", "[4 5 ]", "[ 4  5]", "[ 4 5 ]  ", "[4 5]\r"])
    def test_blanks_in_brackets(self, lists: str) -> None:
        text = LINE.partition(" [")[0] + f" {lists}\n"
        assert schedtrace.parse(text).summaries.local_runq.tolist() == [[4, 5]]

    @pytest.mark.parametrize("procs", [1, 2, 64, 1024, 4096])
    def test_queues_of_any_length(self, procs: int) -> None:
        queues = [i % 257 for i in range(procs)]
        lists = " ".join(map(str, queues))
        text = LINE.partition(" [")[0].replace("gomaxprocs=2", f"gomaxprocs={procs}")
        table = schedtrace.parse(f"{text} [ {lists} ] schedticks=[ {lists} ]\n").summaries
        assert table.local_runq.tolist() == table.schedticks.tolist() == [queues]

    def test_keys_in_another_order(self) -> None:
        table = schedtrace.parse(
            "SCHED 5ms: runqueue=1 [2 3] threads=4 idlethreads=5 idleprocs=6 gomaxprocs=2 needspinning=7\n"
        ).summaries
        assert table.local_runq.tolist() == [[2, 3]]
        assert (table.runqueue[0], table.threads[0], table.idleprocs[0]) == (1, 4, 6)
        assert (table.needspinning[0], table.spinningthreads[0]) == (7, -1)

    def test_unknown_keys_in_every_kind_of_line(self) -> None:
        text = (
            HEADER.replace("\n", " domains=3\n")
            + p_line(0).replace("\n", " domain=0\n")
            + "  M0: p=0 curg=nil mallocing=0 throwing=0 preemptoff= locks=0 dying=0 spinning=false "
            "blocked=false lockedg=nil cpu=3\n" + g_line(4).replace("\n", " bubble=7\n")
        )
        trace = schedtrace.parse(text)
        (detail,) = trace.snapshots
        assert detail.extra == trace.summaries.extra[0] == {"domains": "3"}
        assert (detail.ps[0].extra, detail.ms[0].extra) == ({"domain": "0"}, {"cpu": "3"})
        assert detail.gs[0].extra == {"bubble": "7"}

    @pytest.mark.parametrize(
        ("old", "new", "reason"),
        [
            ("threads=5 spin", "threads=5 threads=5 spin", "interleaved: threads twice"),
            (" idleprocs=1", "", "torn: no idleprocs"),
            (" [ 4 5 ] schedticks=[ 60 70 ]", "", "torn: no run queues"),
            ("[ 60 70 ]", "[ 60 70 80 ]", "gomaxprocs=2 but 3 schedticks"),
            ("[ 60 70 ]", "60", "schedticks is '60', not a list in brackets"),
            ("[ 4 5 ]", "[ 4 x ]", "the list of run queues is 'x', not an integer of at most 18 digits"),
            ("[ 4 5 ]", "[ 4 5 ] [ 4 5 ]", "interleaved: the list of run queues twice"),
            ("[ 60 70 ]", "[ 60 70 ] bye", "torn or interleaved at 'bye'"),
            (" [ 4", " gcwaiting=maybe [ 4", "gcwaiting is 'maybe', not true, false, 1 or 0"),
            (" [ 4", " gcwaiting=true [ 4", "torn: no nmidlelocked"),
            ("gomaxprocs=2", "gomaxprocs=1_0", "gomaxprocs is '1_0', not an integer of at most 18 digits"),
            ("10ms", "1234567890123456789ms", "the time is '1234567890123456789', not an integer"),
        ],
    )
    def test_rejects(self, old: str, new: str, reason: str) -> None:
        damaged = LINE.replace(old, new, 1)
        trace = schedtrace.parse(LINE + damaged + LINE)
        assert [(reject.line_no, reject.text) for reject in trace.rejects] == [(2, damaged.rstrip("\n"))]
        assert trace.rejects[0].reason.startswith(reason)
        assert trace.summaries.line.tolist() == [1, 3]

    def test_a_program_may_print_keys_of_its_own(self) -> None:
        text = (
            "level=info threads=4 gomaxprocs=8\nM1: p=2\n  Points: 3\n  G1: guitar\nSCHED\n idleprocs=1\n\n"
        )
        trace = schedtrace.parse(text)
        assert "".join(f"{line.text}\n" for line in trace.program_output) == text
        assert trace.rejects == ()

    @pytest.mark.parametrize(
        "line",
        [
            "SCHED ",
            "SCHED 12",
            "SCHED 12ms",
            "  P0",
            "  M3:",
            "  G17: ",
            "  P0: stat",
            " [ 1 ] schedticks=[ 1",
        ],
    )
    def test_torn_between_two_writes_of_the_runtime(self, line: str) -> None:
        trace = schedtrace.parse(line)
        assert [reject.text for reject in trace.rejects] == [line]

    def test_a_torn_sched_line_ends_the_snapshot_before_it(self) -> None:
        trace = schedtrace.parse(HEADER + p_line(0) + HEADER[:-20] + "\n" + p_line(1) + g_line(4))
        (detail,) = trace.snapshots
        assert [p.id for p in detail.ps] == [0]
        assert detail.gs == ()
        assert [reject.line_no for reject in trace.rejects] == [3, 4, 5]

    def test_ps_that_begin_again_are_another_snapshots(self) -> None:
        trace = schedtrace.parse(HEADER + p_line(0) + p_line(1) + p_line(0) + p_line(1) + g_line(4))
        (detail,) = trace.snapshots
        assert [p.line for p in detail.ps] == [2, 3]
        assert [reject.line_no for reject in trace.rejects] == [4, 5, 6]

    def test_a_wait_reason_may_hold_brackets(self) -> None:
        trace = schedtrace.parse(HEADER + g_line(4).replace("sleep", "one (two) three (four)"))
        assert trace.snapshots[0].gs[0].wait_reason == "one (two) three (four)"

    def test_a_plain_line_ends_the_snapshot_before_it(self) -> None:
        trace = schedtrace.parse(HEADER + p_line(0) + LINE + p_line(1))
        assert [reject.line_no for reject in trace.rejects] == [4]
        assert [detail.line for detail in trace.snapshots] == [1]

    def test_bytes_that_are_not_utf8(self) -> None:
        trace = schedtrace.parse(b"caf\xe9 \xe4\xb8\xad\n")
        assert trace.program_output == (schedtrace.Line(1, "caf\\xe9 中"),)

    def test_an_overlong_line(self) -> None:
        long = "x" * MAX_LINE_BYTES
        trace = schedtrace.parse(f"{LINE}{long}\n{long}y\n{LINE}SCHED 1ms: {long}")
        assert trace.lines == 5
        assert trace.summaries.line.tolist() == [1, 4]
        assert trace.program_output == (schedtrace.Line(2, long),)
        assert [(r.line_no, len(r.text)) for r in trace.rejects] == [(3, KEPT_BYTES), (5, KEPT_BYTES)]
        assert trace.rejects[0].reason.startswith(f"{MAX_LINE_BYTES + 1} bytes long")
        assert trace.rejects[1].reason.startswith(f"{MAX_LINE_BYTES + 11} bytes long")

    def test_an_overlong_line_is_no_record_though_its_beginning_is(self) -> None:
        trace = schedtrace.parse(LINE + LINE.rstrip("\n") + " " * MAX_LINE_BYTES + "\n")
        assert trace.summaries.line.tolist() == [1]
        assert [reject.line_no for reject in trace.rejects] == [2]

    def test_the_length_of_an_overlong_line_in_chunks(self) -> None:
        long = b"x" * MAX_LINE_BYTES
        chunks = [b"a\n", long, long, b"yyyy", b"zz\n" + LINE.encode()]
        trace = schedtrace.parse(chunks)
        (reject,) = trace.rejects
        assert (reject.line_no, reject.text) == (2, "x" * KEPT_BYTES)
        assert reject.reason.startswith(f"{2 * MAX_LINE_BYTES + 6} bytes long")
        assert trace.summaries.line.tolist() == [3]

    def test_empty(self) -> None:
        trace = schedtrace.parse("")
        assert (trace.lines, len(trace.summaries), trace.summaries.max_p) == (0, 0, 0)
        assert trace.summaries.to_pandas().empty


class TestStatusNames:
    @pytest.mark.parametrize(
        ("release", "status", "name"),
        [
            ("go1.25.5", 2, "_Psyscall"),
            ("go1.26", 2, "_Psyscall_unused"),
            ("1.27.3", 2, "_Psyscall_unused"),
            ("devel go1.28-abcdef", 2, "_Psyscall_unused"),
            (None, 2, "_Psyscall"),
            ("go1.2", 4, "Pdead"),
            ("go1.27", 5, "unknown(5)"),
        ],
    )
    def test_p(self, release: str | None, status: int, name: str) -> None:
        trace = schedtrace.parse(HEADER + p_line(0, status), release=release)
        assert trace.snapshots[0].ps[0].status_name == name

    @pytest.mark.parametrize(
        ("release", "status", "name"),
        [
            ("go1.25", 9, "_Gpreempted"),
            ("go1.13", 9, "unknown(9)"),
            ("go1.25", 10, "unknown(10)"),
            ("go1.26", 10, "_Gleaked"),
            ("go1.27rc1", 0x100B, "_Gscandeadextra"),
            ("go1.27", 0x1004, "_Gscanwaiting"),
            ("go1.25", 0x100B, f"unknown({0x100B})"),
            ("go1.17", 7, "_Genqueue_unused"),
            (None, 7, "unknown(7)"),
            (None, 10, "_Gleaked"),
        ],
    )
    def test_g(self, release: str | None, status: int, name: str) -> None:
        trace = schedtrace.parse(HEADER + g_line(status), release=release)
        (g,) = trace.snapshots[0].gs
        assert (g.status, g.status_name, g.scan) == (status, name, status >= 0x1000)

    def test_says_where_the_names_come_from(self) -> None:
        assert schedtrace.parse(HEADER, release="go1.26.6").release == "go1.26"
        assert (
            schedtrace.parse(HEADER, release="go1.26.6").status_names == "Named as in go1.26's runtime2.go."
        )
        assert schedtrace.parse(HEADER).release is None
        assert "No release was given" in schedtrace.parse(HEADER).status_names
        assert "newer than go1.27" in schedtrace.parse(HEADER, release="go1.30").status_names

    @pytest.mark.parametrize("release", ["", "go", "go1", "go1.x", "v1.27", "go1234.1", "go1.٢"])
    def test_no_release(self, release: str) -> None:
        with pytest.raises(UsageError, match="is no Go release"):
            schedtrace.parse(HEADER, release=release)
        with pytest.raises(UsageError, match="is no Go release"):
            schedtrace.stream(HEADER, release=release)


class TestTable:
    def test_read_only(self) -> None:
        table = schedtrace.parse(LINE).summaries
        with pytest.raises(ValueError, match="read-only"):
            table.local_runq[0, 0] = 1
        with pytest.raises(dataclasses.FrozenInstanceError):
            table.line = np.zeros(1, np.int64)  # type: ignore[misc]

    def test_to_pandas(self) -> None:
        old = "SCHED 5ms: gomaxprocs=1 idleprocs=1 threads=3 idlethreads=0 runqueue=0 [8] zone=7\n"
        frame = schedtrace.parse(LINE + old).summaries.to_pandas()
        assert list(frame) == [
            *("line", "time_ms", "gomaxprocs", "idleprocs", "threads", "spinningthreads", "needspinning"),
            *("idlethreads", "runqueue", "runq_p0", "runq_p1", "schedtick_p0", "schedtick_p1", "extra_zone"),
        ]
        assert frame["runq_p0"].tolist() == [4, 8]
        assert frame["runq_p1"].isna().tolist() == [False, True]
        assert frame["spinningthreads"].isna().tolist() == [False, True]
        assert frame["extra_zone"].isna().tolist() == [True, False]
        assert frame["extra_zone"][1] == "7"

    def test_too_large_a_table(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(columns, "MAX_CELLS", 5)
        assert len(schedtrace.parse(LINE * 2).summaries) == 2
        with pytest.raises(CaptureError, match="too large a table"):
            schedtrace.parse(LINE * 3)
        assert sum(len(block.summaries) for block in schedtrace.stream(LINE * 3)) == 3


class TestSources:
    TEXT = LINE + "hello\n" + LINE

    def sources(self, path: Path) -> Iterator[Source]:
        data = self.TEXT.encode()
        path.write_bytes(data)
        packed = path.with_suffix(".gz")
        packed.write_bytes(gzip.compress(data))
        yield self.TEXT
        yield data
        yield bytearray(data)
        yield memoryview(data)
        yield path
        yield io.BytesIO(data)
        yield gzip.open(packed)  # noqa: SIM115 - read to its end
        yield path.open("rb", buffering=0)
        yield self.TEXT.splitlines()
        yield self.TEXT.splitlines(keepends=True)
        yield io.StringIO(self.TEXT)
        yield (data[i : i + 7] for i in range(0, len(data), 7))

    def test_every_kind(self, tmp_path: Path) -> None:
        for source in self.sources(tmp_path / "trace.txt"):
            trace = schedtrace.parse(source)
            assert (trace.lines, trace.summaries.line.tolist()) == (3, [1, 3]), source
            assert trace.program_output == (schedtrace.Line(2, "hello"),)
            if isinstance(source, io.IOBase):
                source.close()

    def test_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(CaptureError, match="no-such-file cannot be read: No such file") as raised:
            schedtrace.parse(tmp_path / "no-such-file")
        assert isinstance(raised.value, SchedlabError)
        with pytest.raises(CaptureError, match="cannot be read: Is a directory"):
            schedtrace.parse(tmp_path)

    def test_a_file_that_fails(self, tmp_path: Path) -> None:
        file = (tmp_path / "closed").open("wb+")
        file.close()
        with pytest.raises(CaptureError, match="closed file"):
            schedtrace.parse(file)
        with (
            pytest.raises(CaptureError, match="cannot be read"),
            gzip.open(io.BytesIO(b"no gzip at all")) as packed,
        ):
            schedtrace.parse(packed)

    @pytest.mark.parametrize("source", [None, 7, [1, 2], ["a", None]])
    def test_no_source(self, source: Source) -> None:
        with pytest.raises(CaptureError, match=r"no source of lines|source of lines gave a"):
            schedtrace.parse(source)

    def test_block_lines(self) -> None:
        with pytest.raises(UsageError, match="a block of 0 lines"):
            schedtrace.stream(LINE, block_lines=0)
        blocks = list(schedtrace.stream(LINE * 7, block_lines=3))
        assert [(block.first_line, block.lines) for block in blocks] == [(1, 3), (4, 3), (7, 1)]
        assert [len(block.summaries) for block in blocks] == [3, 3, 1]

    def test_follows_a_live_program(self) -> None:
        """With block_lines=1 nothing is read ahead of the block that is given out."""
        given: list[str] = []

        def lines() -> Iterator[str]:
            for _ in range(4):
                given.append(LINE)
                yield LINE

        for expected, block in enumerate(schedtrace.stream(lines(), block_lines=1), start=1):
            assert (block.first_line, len(block.summaries), len(given)) == (expected, 1, expected)

    def test_does_not_wait_for_a_full_buffer(self) -> None:
        """What a pipe holds is read at once; a reader that fills its buffer would ask for more first."""

        class Pipe(io.RawIOBase):
            asked = 0

            def readable(self) -> bool:
                return True

            def readinto(self, buffer: WriteableBuffer) -> int:
                self.asked += 1
                memoryview(buffer)[: len(LINE)] = LINE.encode()
                return len(LINE) if self.asked < 3 else 0

        pipe = Pipe()
        blocks = schedtrace.stream(io.BufferedReader(pipe))
        assert (len(next(blocks).summaries), pipe.asked) == (1, 1)
        assert sum(len(block.summaries) for block in blocks) == 1

    def test_a_snapshot_waits_for_the_next_sched_line(self) -> None:
        blocks = list(schedtrace.stream(HEADER + p_line(0) + g_line(4) + LINE + HEADER, block_lines=1))
        assert [len(block.snapshots) for block in blocks] == [0, 0, 0, 1, 0, 1]
        assert [block.summaries.line.tolist() for block in blocks] == [[], [], [], [1, 4], [], [5]]
        assert [block.lines for block in blocks] == [1, 1, 1, 1, 1, 0]
