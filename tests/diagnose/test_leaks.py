"""What makes a leak of a group of goroutines, and what does not: made-up snapshots, each rule by itself."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from schedlab.capture.errors import CaptureError
from schedlab.capture.goroutines import Place
from schedlab.diagnose import MixedCaptures, NotEnoughEvidence, WrongProfile, leaks
from schedlab.diagnose._causes import blocking_place, explain, is_standard, package_of
from schedlab.diagnose._snapshots import Snapshot, from_bytes
from schedlab.diagnose.leaks import Confidence, Outcome, Report
from schedlab.errors import UsageError

FIXTURES = Path(__file__).parents[1] / "capture" / "fixtures" / "pprof"
LISTENER = "goroutine 1 [IO wait]:\nmain.main()\n\t/app/main.go:5 +0x1\n"


def text(ids: range | list[int], waits: str = "chan send", line: int = 40, name: str = "main.work") -> str:
    return "".join(
        f"\ngoroutine {id_} [{waits}]:\n{name}(0x1)\n\t/app/work.go:{line} +0x1\n"
        f"created by main.start in goroutine 1\n\t/app/work.go:9 +0x1\n"
        for id_ in ids
    )


def dump(*parts: str, second: int = 0) -> Snapshot:
    return from_bytes((LISTENER + "".join(parts)).encode(), "a", time_ns=(second + 1) * 10**9)


def examined(*many: range, waits: str = "chan send") -> Report:
    return leaks.examine([dump(text(ids, waits), second=n) for n, ids in enumerate(many)])


def test_a_group_that_grows_and_stays_is_a_leak_on_its_line() -> None:
    report = examined(range(10, 12), range(10, 15), range(10, 18), range(10, 21), range(10, 24))
    (cause,) = report.causes
    assert report.outcome is Outcome.LEAK
    assert (cause.place, cause.kind) == (Place("main.work", "/app/work.go", 40), "channel send")
    assert (cause.confidence, cause.counts) == (Confidence.STRONG, (2, 5, 8, 11, 14))
    assert cause.creator == Place("main.start", "/app/work.go", 9)
    assert cause.per_minute == pytest.approx(180)
    assert any("11 that were seen before, 11 are still there" in said for said in cause.evidence)


def test_a_pool_that_waits_is_none_however_large() -> None:
    report = examined(*[range(10, 5000)] * 4)
    assert (report.outcome, report.causes) == (Outcome.NO_LEAK, ())


def test_traffic_that_rises_brings_others_and_is_none() -> None:
    report = examined(range(10, 14), range(20, 28), range(40, 54), range(60, 80), range(100, 130))
    assert (report.outcome, report.causes) == (Outcome.NO_LEAK, ())


def test_growth_that_ends_is_a_suspect_and_no_leak() -> None:
    report = examined(range(10, 12), range(10, 22), range(10, 32), *[range(10, 34)] * 3)
    assert report.outcome is Outcome.NO_LEAK
    assert [cause.confidence for cause in report.causes] == [Confidence.SUSPECT]
    assert "plateau" in " ".join(report.causes[0].evidence)


def test_workers_that_become_idle_gather_and_are_no_leak() -> None:
    idle = [
        dump(
            text(range(10, 10 + 5 * n), "chan receive"), text(range(10 + 5 * n, 50), "running", 44), second=n
        )
        for n in range(6)
    ]
    report = leaks.examine(idle)
    assert report.outcome is Outcome.NO_LEAK
    assert "become idle" in " ".join(report.causes[0].evidence)
    stuck = [
        dump(text(range(10, 10 + 5 * n), "sync.Mutex.Lock"), text(range(10 + 5 * n, 50), "running", 44))
        for n in range(6)
    ]
    assert leaks.examine(stuck).outcome is Outcome.LEAK


def test_what_came_with_the_last_look_may_be_a_burst() -> None:
    assert examined(*[range(10, 10)] * 5, range(10, 60)).outcome is Outcome.NO_LEAK


def test_two_snapshots_are_enough_and_a_doubt_is_said() -> None:
    report = examined(range(10, 20), range(10, 40))
    assert report.outcome is Outcome.LEAK
    assert any("2 snapshots cannot tell" in note for note in report.notes)


def test_a_nil_channel_is_proof_by_itself() -> None:
    report = examined(*[range(10, 11)] * 2, waits="chan receive (nil chan)")
    assert [(cause.kind, cause.confidence) for cause in report.causes] == [("nil channel", Confidence.PROVED)]


def test_what_the_runtime_proved_is_a_leak_in_one_snapshot() -> None:
    report = leaks.examine([dump(text(range(10, 13), "chan receive (leaked)"))])
    assert (report.outcome, report.causes[0].proved) == (Outcome.LEAK, 3)


def test_one_that_is_parked_on_purpose_and_main_are_no_leaks() -> None:
    parked = text([10], "select (no cases) (leaked)")
    main = "goroutine 1 [chan receive (leaked)]:\nmain.main()\n\t/app/main.go:5 +0x1\n"
    report = leaks.examine([from_bytes((main + parked).encode(), "a")])
    assert report.outcome is Outcome.NO_LEAK


def test_a_lock_that_is_waited_for_for_minutes_is_stuck() -> None:
    waits = "sync.Mutex.Lock, 3 minutes"
    report = examined(*[range(10, 12)] * 2, waits=waits)
    assert [(c.kind, c.oldest_min) for c in report.causes] == [("lock that is never released", 3)]
    assert examined(*[range(10, 12)] * 2, waits="sync.Mutex.Lock").causes == ()


def test_goroutines_that_wait_now_here_and_now_there_are_taken_together() -> None:
    looks = []
    for n in range(6):
        ids, cut = list(range(10, 14 + 4 * n)), 2 + (n % 2) * 3 * n
        looks.append(dump(text(ids[:cut], "chan receive", 41), text(ids[cut:], "runnable", 42), second=n))
    report = leaks.examine(looks)
    assert report.outcome is Outcome.LEAK
    assert report.causes[0].counts == (4, 8, 12, 16, 20, 24)


def test_indicators_are_made_of_the_programs_own_beginning() -> None:
    grown = {i.name: i for i in examined(*[range(10, 13 + 9 * n) for n in range(6)]).indicators}
    large = {i.name: i for i in examined(*[range(10, 3000)] * 4).indicators}
    assert grown["goroutines"].exceeded
    assert grown["begun for each that ended"].exceeded
    assert not any(indicator.exceeded for indicator in large.values())
    assert large["goroutines"].threshold > 3000 - 10


def test_one_moment_is_not_enough_and_no_capture_neither() -> None:
    for snapshots in ([], [dump(text(range(10, 900)))]):
        with pytest.raises(NotEnoughEvidence) as refused:
            leaks.examine(snapshots)
        assert refused.value.exit_status == 3


def test_captures_of_two_programs_are_refused() -> None:
    other = from_bytes(b"goroutine 1 [running]:\nmain.other()\n\t/b.go:1\n", "b")
    with pytest.raises(MixedCaptures, match="a and b"):
        leaks.examine([dump(), other])


def test_profiles_are_read_and_those_of_other_kinds_refused() -> None:
    report = leaks.examine(leaks.load([FIXTURES / "goroutineleak.pb.gz"]))
    assert report.outcome is Outcome.LEAK
    assert report.causes[0].place.function == "main.waitForever"
    with pytest.raises(WrongProfile, match=r"heap\.pb\.gz .* not of goroutines"):
        leaks.load([FIXTURES / "heap.pb.gz"])
    with pytest.raises(NotEnoughEvidence):
        leaks.examine(leaks.load([FIXTURES / "goroutine.pb.gz"]))


def test_damaged_files_are_named(tmp_path: Path) -> None:
    whole = (FIXTURES / "goroutine.pb.gz").read_bytes()
    for name, data in {
        "cut": whole[:100],
        "empty": b"",
        "words": b"nothing of the kind",
        "text.gz": gzip.compress((LISTENER * 500).encode())[:-20],
    }.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CaptureError, match=name.replace(".", r"\.")):
            leaks.load([tmp_path / name])
    (tmp_path / "whole.gz").write_bytes(gzip.compress(LISTENER.encode()))
    assert leaks.load([tmp_path / "whole.gz"])[0].total == 1


@pytest.mark.parametrize("program", ["nonsense", "http://h:1/debug/pprof/heap?x=1", "https://h:1", "h:99999"])
def test_a_wrong_address_is_wrong_use(program: str) -> None:
    with pytest.raises(UsageError):
        leaks.watch(program, seconds=1)


@pytest.mark.parametrize(("seconds", "snapshots"), [(0.0, 5), (-1.0, 5), (1.0, 1), (float("nan"), 3)])
def test_no_time_or_no_second_look_is_wrong_use(seconds: float, snapshots: int) -> None:
    with pytest.raises(UsageError, match="cannot show growth"):
        leaks.watch("127.0.0.1:1", seconds=seconds, snapshots=snapshots)


def test_the_place_is_the_innermost_line_of_the_program() -> None:
    stack = (
        Place("internal/poll.runtime_pollWait", "/go/src/runtime/netpoll.go", 1),
        Place("net.(*conn).Read", "/go/src/net/net.go", 2),
        Place("example.com/app.(*T).read", "/app/t.go", 3),
        Place("net/http.(*conn).serve", "/go/src/net/http/server.go", 4),
    )
    assert blocking_place(stack).line == 3
    assert blocking_place(stack[:2]).line == 1
    assert package_of("example.com/app.F[net/http.Header]") == "example.com/app"
    assert not is_standard(Place("nettools/x.f", "", 0))


@pytest.mark.parametrize(
    ("waits", "code", "kind"),
    [
        ("chan receive", "for job := range jobs {", "range over a channel that nobody closes"),
        ("chan receive", "for range ticks.C {", "loop over a ticker"),
        ("chan receive", "<-ctx.Done()", "context that nobody cancels"),
        ("chan receive", "", "channel receive"),
        ("chan send (nil chan)", "", "nil channel"),
        ("select", "", "select with no way out"),
        ("sync.RWMutex.RLock", "", "lock that is never released"),
        ("sync.WaitGroup.Wait", "", "WaitGroup that never becomes zero"),
        ("sync.Cond.Wait", "", "condition that nobody signals"),
        ("IO wait", "", "network without a deadline"),
        ("sleep", "", "timer or sleep in a loop without end"),
        ("runnable", "", "goroutine that never ends"),
    ],
)
def test_the_wait_and_the_line_say_why(waits: str, code: str, kind: str) -> None:
    assert explain(waits, (), code).kind == kind


def test_a_body_that_is_not_closed_is_known_by_its_loop() -> None:
    stack = (Place("net/http.(*persistConn).readLoop", "/go/src/net/http/transport.go", 1),)
    assert "body" in explain("select", stack, "").kind
