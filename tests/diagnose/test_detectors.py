"""What each detector says of a scheduler that is simulated: the same every time, on every machine."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schedlab import sim
from schedlab.capture.pprof import Frame
from schedlab.diagnose import DETECTORS, Diagnosis, Kind, NotEnoughEvidence, examine_timeline
from schedlab.diagnose.allocations import pool_misuse, source_line
from schedlab.diagnose.seen import Seen, is_of_program, library_of
from schedlab.process import Finished, GoSettings, ThrottleStats, cores
from schedlab.timeline import State


def diagnosis(text: str, **rules: Any) -> Diagnosis:
    done = sim.simulate(sim.parse(text), rules=sim.rules_of("go1.27").replace(**rules), seed=1)
    return examine_timeline(done.timeline, "a simulation")


def kinds(found: Diagnosis) -> list[str]:
    return [finding.kind for finding in found.findings]


STARVED = """
procs: 2
goroutines:
  requests:
    count: 4
    steps: [{repeat: 50, steps: [{sleep: 2ms}, {compute: 50us}]}]
  batch:
    count: 8
    steps: [{compute: 500ms}]
"""

CONVOY = """
procs: 2
goroutines:
  worker:
    count: 16
    steps: [{repeat: 40, steps: [{lock: mu}, {compute: 1ms}, {unlock: mu}, {compute: 20us}]}]
"""

THREADS = """
procs: 2
goroutines:
  reader:
    count: 100
    steps: [{repeat: 10, steps: [{syscall: 30ms}, {compute: 10us}]}]
"""

ALONE = """
procs: 2
goroutines:
  parent:
    steps: [{spawn: {child: 64}}, {compute: 1ms}]
  child:
    count: 0
    steps: [{compute: 5ms}]
"""

WELL = """
procs: 2
goroutines:
  requests:
    count: 4
    steps: [{repeat: 100, steps: [{network: {exponential: 4ms}}, {compute: 100us}]}]
"""


def test_requests_behind_long_computations_starve() -> None:
    found = diagnosis(STARVED)
    assert "P starvation" in kinds(found)
    (finding,) = (one for one in found.findings if one.kind == "P starvation")
    assert "batch" in finding.said
    assert finding.evidence[0].value >= finding.evidence[0].limit
    assert finding.confidence > 0.5


def test_a_lock_that_everybody_works_in_is_a_convoy() -> None:
    assert "lock convoy" in kinds(diagnosis(CONVOY))


def test_goroutines_asleep_in_the_kernel_explode_the_threads() -> None:
    found = diagnosis(THREADS)
    assert "thread explosion" in kinds(found)


def test_without_stealing_a_p_is_idle_beside_work() -> None:
    assert "run queue imbalance" in kinds(diagnosis(ALONE, steal=False))
    assert kinds(diagnosis(ALONE)) == []


def test_nothing_is_said_of_what_is_well() -> None:
    found = diagnosis(WELL)
    assert found.healthy, [str(one.said) for one in found.findings]
    assert found.asked > 8


# As they would go on a machine with nothing else to do.
HEALTHY = {
    "stages hand batches over": """
procs: 2
channels: {made: 8, done: 8}
goroutines:
  maker: {steps: [{repeat: 400, steps: [{compute: 500us}, {send: made}]}]}
  packer: {steps: [{repeat: 400, steps: [{receive: made}, {compute: 400us}, {send: done}]}]}
  sender: {steps: [{repeat: 400, steps: [{receive: done}, {compute: 20us}]}]}
""",
    "three compute on two Ps": """
procs: 2
goroutines:
  worker: {count: 3, steps: [{repeat: 50, steps: [{compute: 30ms}]}]}
""",
    "workers take jobs from a queue": """
procs: 2
channels: {jobs: 16}
goroutines:
  worker: {count: 2, steps: [{repeat: 500, steps: [{receive: jobs}, {compute: 250us}]}]}
  feeder: {steps: [{repeat: 1000, steps: [{compute: 2us}, {send: jobs}]}]}
""",
    "many sleep and do little": """
procs: 2
goroutines:
  sleeper: {count: 50, steps: [{repeat: 100, steps: [{sleep: {uniform: [5ms, 15ms]}}, {compute: 20us}]}]}
""",
    "a lock is held for moments": """
procs: 2
goroutines:
  worker:
    count: 8
    steps: [{repeat: 300, steps: [{compute: 200us}, {lock: mu}, {compute: 1us}, {unlock: mu}]}]
""",
    "a long computation leaves a P": """
procs: 2
goroutines:
  batch: {steps: [{compute: 800ms}]}
  requests: {count: 4, steps: [{repeat: 200, steps: [{network: {exponential: 4ms}}, {compute: 100us}]}]}
""",
    "a tick each tenth of a second beside a batch": """
procs: 2
goroutines:
  batch: {count: 3, steps: [{compute: 1s}]}
  progress: {steps: [{repeat: 15, steps: [{sleep: 100ms}, {compute: 10us}]}]}
""",
}


@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_said_of_a_healthy_workload(name: str) -> None:
    found = diagnosis(HEALTHY[name])
    assert [finding.said for finding in found.findings] == []
    assert found.asked == len(DETECTORS)


def test_a_loop_that_nobody_can_stop() -> None:
    loops = (
        "{procs: 2, goroutines: {loop: {count: 4, steps: [{repeat: 4, steps: [{compute: 200ms}, yield]}]}}}"
    )
    assert "unpreemptible loop" in kinds(diagnosis(loops, preempt=False))
    assert "unpreemptible loop" not in kinds(diagnosis(loops))


def test_cpu_samples_are_counted_by_the_spans_that_they_are_in() -> None:
    timeline = sim.simulate(sim.parse(STARVED), rules=sim.rules_of("go1.27"), seed=1).timeline
    seen = Seen(timeline)
    rows = seen.rows(State.RUNNING)[:3]
    begins, ends = seen.start[rows], seen.start[rows] + seen.dur[rows]
    samples = {
        # At the beginning, in the middle, and when the next span has begun; of another goroutine; of none.
        "time": np.concatenate([begins, (begins + ends) // 2, ends, begins, begins]),
        "g": np.concatenate([*3 * [seen.owner[rows]], seen.owner[rows] + 1000, np.full(3, -1)]),
        "stack": np.arange(15),
    }
    found = Seen(replace(timeline, samples=samples)).samples_in(rows)
    assert sorted(found.tolist()) == [0, 1, 2, 3, 4, 5]
    assert not seen.sampled(rows), "a simulation has no samples: then its lines are those where spans end"


def test_too_little_is_refused() -> None:
    with pytest.raises(NotEnoughEvidence, match="too little"):
        diagnosis("{procs: 1, goroutines: {one: {steps: [{compute: 1us}]}}}")


def frames(*places: str) -> tuple[Frame, ...]:
    """A stack, the innermost frame first: FUNCTION FILE:LINE."""
    split = [re.fullmatch(r"(\S+) (\S+):(\d+)", place) for place in places]
    return tuple(Frame(one[1], one[2], int(one[3]), one[1], 0, None) for one in split if one)


LIBRARY = "/go/src/sync/pool.go"
RUNTIME = "runtime.main /go/src/runtime/proc.go:283"
MISSED = frames(
    "main.init.func1 /p/main.go:3", f"sync.(*Pool).Get {LIBRARY}:155", "main.serve /p/main.go:20", RUNTIME
)
BOXED = frames("main.serve /p/main.go:24", RUNTIME)
GOOD = frames("strings.Clone /go/src/strings/clone.go:24", "main.serve /p/main.go:22", RUNTIME)


def text(file: str, line: int) -> str:
    return {("/p/main.go", 24): "\tbuffers.Put(buffer)"}.get((file, line), "\tsomething else")


def test_allocations_around_a_pool() -> None:
    found = pool_misuse({MISSED: 9_000, BOXED: 9_000, GOOD: 2_000}, text)
    assert found is not None
    assert {(line.file, line.line, line.share) for line in found.lines} == {
        ("/p/main.go", 3, 0.5),
        ("/p/main.go", 20, 0.5),
        ("/p/main.go", 24, 0.5),
    }
    assert pool_misuse({MISSED: 100, BOXED: 100, GOOD: 1_000}, text) is None, "too few objects"
    assert pool_misuse({MISSED: 6_000, GOOD: 60_000}, text) is None, "a small share of them"
    assert pool_misuse({BOXED: 50_000}, lambda *_: "") is None, "whose source is not here may put nothing"


def test_only_a_small_go_file_is_read_for_its_lines(tmp_path: Path) -> None:
    source = tmp_path / "main.go"
    source.write_text("package main\n\nfunc main() {}\n")
    (tmp_path / "secret.txt").write_text("a\nb\n")
    assert source_line(str(source), 3) == "func main() {}"
    wrong = [(source, 9), (source, 0), (tmp_path / "secret.txt", 1), (tmp_path / "none.go", 1), (tmp_path, 1)]
    assert [source_line(str(file), line) for file, line in wrong] == [""] * 5
    assert source_line("with\0nul.go", 1) == ""


def test_the_library_is_told_from_the_program_by_its_folder() -> None:
    library = library_of(
        [("p/runtime.F", "/p/src/runtime/f.go"), ("runtime.main", "/go/src/runtime/proc.go")]
    )
    assert library == "/go/src/"
    assert not is_of_program("slices.SortFunc", "/go/src/slices/sort.go", library)
    assert is_of_program("example.com/p/sort.Fast", "/p/sort/fast.go", library)
    assert is_of_program("main.main", "/p/main.go", "")
    assert not is_of_program(
        "sync.(*Mutex).Lock", "sync/mutex.go", library_of([("runtime.main", "runtime/proc.go")])
    )


ONE_BUSY = """
procs: 7
goroutines:
  busy:
    steps: [{repeat: 100, steps: [{compute: 5ms}]}]
"""


LOCKSTEP = """
procs: 2
channels: {there: 0, back: 0}
goroutines:
  one:
    steps: [{repeat: 5000, steps: [{send: there}, {compute: 2us}, {receive: back}]}]
  other:
    steps: [{repeat: 5000, steps: [{receive: there}, {compute: 2us}, {send: back}]}]
"""


def test_who_wakes_each_other_for_next_to_nothing_plays_ping_pong() -> None:
    assert "channel ping-pong" in kinds(diagnosis(LOCKSTEP))
    assert "channel ping-pong" not in kinds(diagnosis(LOCKSTEP.replace("2us", "200us")))


def test_a_timer_beside_ps_that_compute_is_late() -> None:
    found = diagnosis(STARVED)
    assert "timer delay" in kinds(found)
    assert "timer delay" not in kinds(diagnosis(WELL))


def test_what_others_do_to_the_machine_is_not_held_against_a_program() -> None:
    def finished(machine_cpu_ns: int | None, throttle: ThrottleStats | None = None) -> Finished:
        return Finished(
            ("program",), 0, None, "", "", 0, 0, 10**9, 4 * 10**8, 0, 0, 0, 0,
            GoSettings(), throttle, machine_cpu_ns,
        )  # fmt: skip

    timeline = sim.simulate(sim.parse(STARVED), rules=sim.rules_of("go1.27"), seed=1).timeline
    alone = examine_timeline(timeline, "alone", finished=finished(4 * 10**8))
    assert Kind.STARVATION in kinds(alone)
    crowd = (cores() + 1) * 10**9
    beside = examine_timeline(timeline, "beside others", finished=finished(crowd))
    assert Kind.STARVATION not in kinds(beside)
    (unasked,) = (one for one in beside.unasked if Kind.STARVATION in one.kinds)
    assert unasked.busy
    stopped = examine_timeline(timeline, "stopped", finished=finished(0, ThrottleStats(10, 9, 10**9)))
    (unasked,) = (one for one in stopped.unasked if Kind.STARVATION in one.kinds)
    assert not unasked.busy


def test_a_server_leaves_to_others_what_it_does_not_use() -> None:
    """Its clients may be on the same machine. One with a P that is always busy leaves all other CPUs."""
    always = sim.simulate(sim.parse(ONE_BUSY), rules=sim.rules_of("go1.27"), seed=1).timeline
    others = cores() - 1.0
    assert not any(one.busy for one in examine_timeline(always, "a", neighbours_cpus=others).unasked)
    crowded = examine_timeline(always, "a", neighbours_cpus=others + 0.5)
    assert any(one.busy for one in crowded.unasked)
    finished = Finished(
        ("program",), 0, None, "", "", 0, 0, 10**9, 10**9, 0, 0, 0, 0,
        GoSettings(), None, int(cores() * 1e9),
    )  # fmt: skip
    ours = examine_timeline(always, "a", finished=finished)
    assert any(one.busy for one in ours.unasked) == (cores() > 1), "of one that we ran all its Ps count"
