"""gctrace of every release since Go 1.17: recorded by real programs, written by hand, damaged."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from schedlab import toolchain
from schedlab.capture import gctrace
from schedlab.capture.errors import CaptureError
from schedlab.capture.stderr_lines import KEPT_BYTES, MAX_LINE_BYTES
from schedlab.errors import UsageError

FIXTURES = Path(__file__).parent / "fixtures" / "gctrace"
LINE = (
    "gc 3 @1.045s 3%: 0.16+11+0.032 ms clock, 0.33+0.5/7.2/4.8+0.065 ms cpu, 4->6->5 MB, 7 MB goal, "
    "1 MB stacks, 2 MB globals, 4 P\n"
)
CYCLE = gctrace.GcCycle(
    line=1,
    number=3,
    start_ns=1_045_000_000,
    cpu_percent=3,
    stw_sweep_term_ns=160_000,
    concurrent_ns=11_000_000,
    stw_mark_term_ns=32_000,
    cpu_stw_sweep_term_ns=330_000,
    cpu_assist_ns=500_000,
    cpu_background_ns=7_200_000,
    cpu_idle_ns=4_800_000,
    cpu_stw_mark_term_ns=65_000,
    heap_start_mb=4,
    heap_end_mb=6,
    heap_marked_mb=5,
    goal_mb=7,
    stacks_mb=1,
    globals_mb=2,
    procs=4,
    forced=False,
    leak_check=False,
)


class TestRecorded:
    """What the releases really print; what is expected is taken from the text by other means."""

    @pytest.mark.parametrize("file", sorted(FIXTURES.glob("go1.*.txt")), ids=lambda file: file.stem)
    def test_every_cycle(self, file: Path) -> None:
        text = file.read_text()
        trace = gctrace.parse(file)
        numbers = [int(number) for number in re.findall(r"gc (\d+) @[\d.]+s ", text)]
        assert trace.rejects == ()
        assert trace.lines == text.count("\n")
        assert [cycle.number for cycle in trace.cycles] == numbers == list(range(1, len(numbers) + 1))
        assert [cycle.forced for cycle in trace.cycles].count(True) == text.count(" (forced)")
        assert {cycle.extra for cycle in trace.cycles} == {()}
        starts = [cycle.start_ns for cycle in trace.cycles]
        assert starts == sorted(starts)
        for cycle in trace.cycles:
            assert cycle.concurrent_ns > 0
            assert cycle.heap_marked_mb <= cycle.heap_end_mb
            assert (cycle.stacks_mb is None) == (cycle.globals_mb is None) == file.name.startswith("go1.17")

    @pytest.mark.parametrize(
        "release", ["go1.19", "go1.21", "go1.22", "go1.23", "go1.24", "go1.25", "go1.26", "go1.27"]
    )
    def test_the_programs_own_lines_are_kept(self, release: str) -> None:
        trace = gctrace.parse(FIXTURES / f"{release}_gctrace1.txt")
        assert {cycle.procs for cycle in trace.cycles} == {4}
        texts = [line.text for line in trace.program_output]
        assert [text for text in texts if text.startswith("round ")] == [
            f"round {i}: 800 buffers" for i in range(1, 24, 2)
        ]
        assert texts.count("no newline yet...") == 6
        assert trace.notes == ()

    def test_gctrace_2(self) -> None:
        for release in ("go1.25", "go1.27"):
            file = FIXTURES / f"{release}_gctrace2.txt"
            trace = gctrace.parse(file)
            assert {note.kind for note in trace.notes} == {"scan"}
            assert len(trace.notes) == len(re.findall(r"^scan: ", file.read_text(), re.MULTILINE)) > 100
            totals = [note for note in trace.notes if note.text.startswith("scan: total ")]
            assert [note.line for note in totals] == [cycle.line + 1 for cycle in trace.cycles]

    def test_goroutine_leak(self) -> None:
        cycles = gctrace.parse(FIXTURES / "go1.26_gctrace2_goroutineleak.txt").cycles
        assert [cycle.leak_check for cycle in cycles] == [False] * (len(cycles) - 1) + [True]

    def test_scavtrace(self) -> None:
        trace = gctrace.parse(FIXTURES / "go1.27_gctrace1_scavtrace1.txt")
        assert {note.kind for note in trace.notes} == {"scav"}
        assert trace.notes[0].text == ("scav 0 KiB work (bg), 0 KiB work (eager), 5056 KiB now, 100% util")

    def test_forced_by_sysmon(self) -> None:
        trace = gctrace.parse(FIXTURES / "go1.27_gctrace1_forced_by_sysmon.txt")
        assert trace.notes == (gctrace.GcNote(2, "GC forced", "GC forced"),)
        assert [cycle.forced for cycle in trace.cycles] == [True, False]
        assert trace.cycles[1].start_ns - trace.cycles[0].start_ns > 119e9

    def test_schedtrace_lines_are_program_output(self) -> None:
        for file in sorted((FIXTURES.parent / "schedtrace").glob("go1.??_with_gctrace.txt")):
            text = file.read_text()
            trace = gctrace.parse(text)
            assert trace.rejects == ()
            assert len(trace.cycles) == text.count(" ms clock") > 5
            assert sum("SCHED " in line.text for line in trace.program_output) == text.count("SCHED ")

    def test_interleaved_by_a_real_program(self) -> None:
        trace = gctrace.parse(FIXTURES.parent / "schedtrace" / "go1.27_interleaved.txt")
        assert [reject.line_no for reject in trace.rejects] == [110, 174, 186, 207, 208, 348]
        assert len(trace.cycles) == 78


class TestWrittenByHand:
    def test_go1_17(self) -> None:
        trace = gctrace.parse(FIXTURES / "go1.17_gctrace1.txt")
        assert trace.notes == (gctrace.GcNote(2, "GC forced", "GC forced"),)
        assert trace.cycles[0] == gctrace.GcCycle(
            line=1,
            number=1,
            start_ns=12_000_000,
            cpu_percent=2,
            stw_sweep_term_ns=26_000,
            concurrent_ns=390_000,
            stw_mark_term_ns=100_000,
            cpu_stw_sweep_term_ns=210_000,
            cpu_assist_ns=880_000,
            cpu_background_ns=520_000,
            cpu_idle_ns=0,
            cpu_stw_mark_term_ns=820_000,
            heap_start_mb=4,
            heap_end_mb=4,
            heap_marked_mb=0,
            goal_mb=5,
            stacks_mb=None,
            globals_mb=None,
            procs=8,
            forced=False,
            leak_check=False,
        )
        assert [cycle.forced for cycle in trace.cycles] == [False, False, True]
        assert trace.cycles[2].concurrent_ns == 109_000_000

    def test_go1_18(self) -> None:
        cycles = gctrace.parse(FIXTURES / "go1.18_gctrace1.txt").cycles
        assert [(cycle.stacks_mb, cycle.globals_mb) for cycle in cycles] == [(66, 0), (0, 1)]

    def test_damaged(self) -> None:
        trace = gctrace.parse(FIXTURES / "damaged.txt")
        assert [(cycle.line, cycle.number) for cycle in trace.cycles] == [(1, 1), (2, 2), (7, 6), (9, 8)]
        assert trace.cycles[2].extra == ("7 MB arenas", "by hand")
        assert trace.cycles[2].forced
        assert [(line.line_no, line.text[:12]) for line in trace.program_output] == [
            (2, "no newline y"),
            (9, "SCHED 132ms:"),
            (10, " 0 ] schedti"),
            (11, "the gc of 5 "),
        ]
        assert [(reject.line_no, reject.reason) for reject in trace.rejects] == [
            (3, "torn or interleaved: not the fields of a gc line"),
            (4, "torn or interleaved: not the fields of a gc line"),
            (5, "torn: part of a gc line"),
            (6, "torn: part of a gc line"),
            (8, "torn: it ends in ' 0 MB glo', not in the number of Ps"),
        ]
        assert [(note.line, note.kind) for note in trace.notes] == [(12, "scav")]


class TestLine:
    def test_every_field(self) -> None:
        assert gctrace.parse(LINE).cycles == (CYCLE,)

    @pytest.mark.parametrize("end", ["\r\n", " \n", ""])
    def test_ends(self, end: str) -> None:
        assert gctrace.parse(LINE.replace("\n", end)).cycles == (CYCLE,)

    @pytest.mark.parametrize(
        ("old", "new", "reason"),
        [
            (", 4 P", "", "torn: it ends in ' 2 MB globals', not in the number of Ps"),
            ("4 P", "4 Plog", "torn: it ends in ' 4 Plog', not in the number of Ps"),
            ("7 MB goal", "7 MB goalX", "torn or interleaved at 'X, 1 MB stacks, 2 MB globals, 4 P'"),
            ("goal, ", "goal", "torn or interleaved at '1 MB stacks, 2 MB globals, 4 P'"),
            ("2 MB globals", "2 MB stacks", "interleaved: stacks twice"),
            ("11+", "", "torn or interleaved: not the fields of a gc line"),
            ("1.045s", "1.0450000001s", "torn or interleaved: not the fields of a gc line"),
            ("gc 3", f"gc {10**18}", "torn or interleaved: not the fields of a gc line"),
        ],
    )
    def test_rejects(self, old: str, new: str, reason: str) -> None:
        damaged = LINE.replace(old, new, 1)
        trace = gctrace.parse(LINE + damaged + LINE)
        assert [(r.line_no, r.text, r.reason) for r in trace.rejects] == [(2, damaged.rstrip("\n"), reason)]
        assert [cycle.line for cycle in trace.cycles] == [1, 3]

    def test_unknown_remarks_are_kept(self) -> None:
        text = LINE.replace("3%:", "3% (in haste):").replace("4 P", "4 P (enforced)")
        (cycle,) = gctrace.parse(text).cycles
        assert cycle.extra == ("in haste", "enforced")
        assert (cycle.forced, cycle.leak_check) == (False, False)

    def test_program_output(self) -> None:
        text = "gc is slow\ngc 5 times\nGC forced?\nscan: it\nscav\n12 MB, 5 MB goal\n\n"
        trace = gctrace.parse(text)
        assert "".join(f"{line.text}\n" for line in trace.program_output) == text

    def test_an_overlong_line(self) -> None:
        trace = gctrace.parse(LINE.rstrip("\n") + " " * MAX_LINE_BYTES + "\n" + LINE)
        (reject,) = trace.rejects
        assert (reject.line_no, len(reject.text)) == (1, KEPT_BYTES)
        assert "bytes long" in reject.reason
        assert [cycle.line for cycle in trace.cycles] == [2]

    def test_to_pandas(self) -> None:
        frame = gctrace.parse(LINE + LINE.replace(" 1 MB stacks, 2 MB globals,", "")).to_pandas()
        assert frame["concurrent_ns"].tolist() == [11_000_000] * 2
        assert frame["stacks_mb"].tolist() == [1, pd.NA]
        assert str(frame["procs"].dtype) == "int64"
        assert gctrace.parse("").to_pandas().empty

    def test_blocks(self) -> None:
        blocks = list(gctrace.stream(LINE * 5, block_lines=2))
        assert [(block.first_line, block.lines, len(block.cycles)) for block in blocks] == [
            (1, 2, 2),
            (3, 2, 2),
            (5, 1, 1),
        ]
        with pytest.raises(UsageError, match="a block of 0 lines"):
            gctrace.stream(LINE, block_lines=0)

    def test_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(CaptureError, match="No such file"):
            gctrace.parse(tmp_path / "none")


def test_the_installed_runtime_prints_what_is_read() -> None:
    """Every literal that gcMarkTermination prints is known here; a new one turns this red."""
    source = (toolchain.find().runtime_source / "mgc.go").read_text()
    start = source.index('print("gc ", memstats.numgc')
    text = source[start : source.index("if debug.gctrace > 1", start)]
    assert re.findall(r'"([^"]*)"', text) == [
        *("gc ", " @", "s ", "%", " (checking for goroutine leaks)", ": ", "+", " ms clock, ", "/", "+"),
        *(" ms cpu, ", "->", "->", " MB, ", " MB goal, ", " MB stacks, ", " MB globals, ", " P", " (forced)"),
        "\\n",
    ]
