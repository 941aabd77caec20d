"""The text of goroutines: every form of header, what is lost, and what is no dump."""

from __future__ import annotations

import random

import pytest

from schedlab.capture import goroutines
from schedlab.capture.errors import CaptureError
from schedlab.capture.goroutines import NotADump, Place

TEXT = """goroutine 1 [running, locked to thread]:
main.main()
	/src/app/main.go:12 +0x1d

goroutine 18 gp=0xc000006380 m=nil [chan receive (nil chan), 5 minutes]:
main.(*pool[go.shape.int]).work(0xc0000140a0, {0x1, 0x2}, 0x3?)
	/src/app/pool.go:40 +0x25
created by main.newPool in goroutine 1
	/src/app/pool.go:30 +0x4f

goroutine 19 [select (no cases) (leaked), synctest bubble 3] {job: "a, b"}:
main.f(...)
	/src/app/main.go:9
...additional frames elided...
created by main.old
	/src/app/main.go:8 +0x1

noise of the program
goroutine 20 [chan send (leaked)]:
main.send()
	/src/app/main.go:77 +0x1d
"""


def test_each_form_of_header_is_read() -> None:
    first, nil, parked, sender = goroutines.parse(TEXT).goroutines
    assert (first.id, first.waits_for, first.locked_to_thread) == (1, "running", True)
    assert (nil.waits_for, nil.waited_min, nil.leaked) == ("chan receive (nil chan)", 5, False)
    assert nil.stack == (Place("main.(*pool[go.shape.int]).work", "/src/app/pool.go", 40),)
    assert (nil.creator, nil.creator_id) == (Place("main.newPool", "/src/app/pool.go", 30), 1)
    assert (parked.waits_for, parked.leaked, parked.elided) == ("select (no cases)", True, True)
    assert (parked.labels, parked.creator_id) == ('job: "a, b"', None)
    assert (sender.waits_for, sender.leaked) == ("chan send", True)


def test_a_line_that_is_no_part_of_a_goroutine_is_kept_with_its_number() -> None:
    dump = goroutines.parse(TEXT)
    assert [(reject.number, reject.text) for reject in dump.rejects] == [(18, "noise of the program")]
    assert not dump.cut


def test_a_text_that_stops_inside_a_stack_is_said_to_be_cut() -> None:
    dump = goroutines.parse("goroutine 7 [chan send]:\nmain.f(0x1)\n")
    assert dump.cut
    assert dump.goroutines[0].stack == ()
    assert [reject.text for reject in dump.rejects] == ["main.f(0x1)"]


@pytest.mark.parametrize("text", ["", "hello\nworld\n", "goroutine x [running]:\n", "goroutine 1 [running]"])
def test_what_holds_no_goroutine_is_refused(text: str) -> None:
    with pytest.raises(NotADump, match="no goroutine") as refused:
        goroutines.parse(text)
    assert "debug=2" in refused.value.remedy


def test_mangled_text_gives_goroutines_or_the_documented_error() -> None:
    dice = random.Random(4)
    for _ in range(2000):
        letters = list(TEXT)
        for _ in range(dice.randrange(1, 30)):
            letters[dice.randrange(len(letters))] = dice.choice("\n\t ()[]{}:.,0x\u2028é")
        text = "".join(letters[: dice.randrange(len(letters))])
        try:
            dump = goroutines.parse(text)
        except NotADump:
            continue
        assert len(dump) <= text.count("goroutine ")


def test_a_file_that_cannot_be_read_or_is_too_long_is_named(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CaptureError, match=r"missing\.txt"):
        goroutines.load(tmp_path / "missing.txt")
    (tmp_path / "long.txt").write_text(TEXT)
    with pytest.raises(CaptureError, match="longer than 10 bytes"):
        goroutines.load(tmp_path / "long.txt", limit_bytes=10)
    assert len(goroutines.load(tmp_path / "long.txt")) == 4
