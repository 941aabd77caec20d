"""The live view's Python side: what is sent, how often, and when the program is let go."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from schedlab.capture.live import BINS, Feed, Sample
from schedlab.errors import UsageError
from schedlab.view.widgets.live import LiveView
from schedlab.view.widgets.live_batches import MOST_SAMPLES, Outbox, encode_piece, whole
from schedlab.view.widgets.page import as_html

NEVER_S = 120.0
HOSTILE = "<img src=x onerror=alert(1)></script>"


class Hand(Feed):
    """A Feed whose samples a test puts in."""

    def __init__(self, capacity: int = 100, name: str = "by hand") -> None:
        super().__init__(name, 20, capacity, {"heap": HOSTILE})
        self._woken = threading.Event()
        self._start()

    def put(self, *times: int, **counts: Any) -> None:
        for time_ns in times:
            self._put(Sample(time_ns, **counts))

    def _run(self) -> str:
        self._woken.wait()
        return "let go"

    def _wake(self) -> None:
        self._woken.set()


@pytest.fixture
def feed() -> Iterator[Hand]:
    made = Hand()
    with made:
        yield made


def test_one_batch_at_a_time(feed: Hand) -> None:
    outbox = Outbox(feed)
    assert outbox.next() is None
    feed.put(1, 2)
    first = outbox.next()
    assert first is not None
    assert first.message == {"kind": "batch", "number": 1}
    feed.put(3)
    assert outbox.next() is None, "the first is under way"
    assert outbox.hear({"kind": "got", "number": 7})
    assert outbox.next() is None, "that was another one"
    assert outbox.hear({"kind": "got", "number": 1})
    second = outbox.next()
    assert second is not None
    assert second.message["number"] == 2
    assert outbox.hear({"kind": "hello", "page": "a"})
    again = outbox.next()
    assert again is not None
    everything = encode_piece(feed.history.since(0), dropped=0, ended="")
    assert again.data == everything != second.data, "all of it, for a page that is new"
    assert outbox.hear({"kind": "hello", "page": "a"})
    assert outbox.next() is None, "the same page asked again, and its answer is under way"


def test_where_no_answer_can_come_what_is_new_goes_with_what_is_under_way(feed: Hand) -> None:
    outbox = Outbox(feed)
    feed.put(1, 2)
    assert outbox.next(again=True) is not None
    assert outbox.next(again=True) is None, "nothing is new"
    feed.put(3)
    batch = outbox.next(again=True)
    assert batch is not None
    assert batch.data == encode_piece(feed.history.since(0), dropped=0, ended="")
    outbox.hear({"kind": "got", "number": 1})
    assert outbox.next() is None, "the answer to the first says nothing about the second"
    outbox.hear({"kind": "got", "number": 2})
    feed.put(4)
    batch = outbox.next()
    assert batch is not None
    assert batch.data == encode_piece(feed.history.since(3), dropped=0, ended="")
    feed.stop()
    assert outbox.next(again=True) is not None, "the end is news"
    assert outbox.next(again=True) is None


@pytest.mark.parametrize("message", [None, 7, "hello", [], {}, {"kind": "other"}, {"kind": ["hello"]}])
def test_what_is_no_message_is_not_heard(feed: Hand, message: object) -> None:
    assert not Outbox(feed).hear(message)


def test_the_end_is_told_once_after_the_last_sample(feed: Hand) -> None:
    outbox = Outbox(feed)
    feed.put(*range(MOST_SAMPLES // 2))
    feed.stop()
    count = 0
    while (batch := outbox.next()) is not None:
        count += 1
        assert not outbox.done
        outbox.hear({"kind": "got", "number": batch.message["number"]})
    assert (count, outbox.done) == (1, True)
    outbox.hear({"kind": "hello"})
    assert outbox.next() is not None, "a page that comes late gets it too"


def test_an_end_without_a_sample_is_told(feed: Hand) -> None:
    feed.stop()
    assert Outbox(feed).next() is not None


def test_a_silent_browser_costs_no_more_than_the_ring() -> None:
    feed = Hand(capacity=5)
    with feed:
        outbox = Outbox(feed)
        feed.put(0)
        assert outbox.next() is not None
        feed.put(*range(1, 1000))
        outbox.hear({"kind": "got", "number": 1})
        assert outbox.next() is not None
        assert feed.history.since(1).lost == 994


class Sent(LiveView):
    """A view whose messages a test reads."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.sent: list[tuple[Any, Any]] = []
        super().__init__(*arguments, **named)

    def send(self, content: Any, buffers: Any = None) -> None:
        self.sent.append((content, buffers))

    def hears(self, content: Any) -> None:
        self._handle_custom_msg(content, [])

    def wait_for(self, count: int) -> None:
        limit = time.monotonic() + NEVER_S
        while len(self.sent) < count:
            assert time.monotonic() < limit
            time.sleep(0.01)


def test_a_view_sends_when_there_is_a_page_and_as_fast_as_that_takes_it(feed: Hand) -> None:
    view = Sent(feed)
    feed.put(1, 2, 3)
    assert view.sent == []
    view.hears({"kind": "hello"})
    view.wait_for(1)
    feed.put(4)
    view.hears({"kind": "nonsense"})
    assert len(view.sent) == 1
    for number in range(1, 6):
        view.hears({"kind": "got", "number": number})
        view.wait_for(number + 1)
        feed.put(4 + number)
    assert [content["number"] for content, _ in view.sent] == [1, 2, 3, 4, 5, 6]
    view.close()
    assert feed.ended == "let go"


def test_a_page_that_comes_after_the_end_gets_everything(feed: Hand) -> None:
    view = Sent(feed)
    view.hears({"kind": "hello"})
    feed.put(1)
    view.wait_for(1)
    view.stop()
    view.hears({"kind": "got", "number": 1})
    view.wait_for(2)
    view.hears({"kind": "got", "number": 2})
    limit = time.monotonic() + NEVER_S
    while view._pump is not None:
        assert time.monotonic() < limit
        time.sleep(0.01)
    view.hears({"kind": "hello"})
    view.wait_for(3)
    view.close()


@pytest.mark.parametrize("goodbye", [{"kind": "unseen"}, None], ids=["closed", "silent"])
def test_a_program_that_nobody_sees_any_more_is_let_go(feed: Hand, goodbye: object) -> None:
    view = Sent(feed, linger_s=0.2)
    feed.put(1)
    view.hears({"kind": "hello"})
    view.wait_for(1)
    if goodbye:
        view.hears(goodbye)
    assert feed.wait(NEVER_S)
    view.close()


def test_a_program_that_is_seen_is_not_let_go(feed: Hand) -> None:
    view = Sent(feed, linger_s=0.01)
    view.hears({"kind": "hello"})
    for number in range(1, 20):
        feed.put(number)
        view.wait_for(number)
        view.hears({"kind": "got", "number": number})
    assert not feed.ended
    view.close()


def test_an_exported_page_has_the_history_and_escapes_all(feed: Hand) -> None:
    feed.put(5_000_000_000, goroutines=1234, running=2, runq_local=(3, 4), latencies=(0,) * BINS)
    view = LiveView(feed, title=HOSTILE)
    state = view.shown_state()
    assert state["data"] == whole(feed)
    assert state["running"] is False
    assert view.data == b"", "the notebook's own view gets it in batches"
    words = view.text_alternative()
    assert "1 samples, the last at 5.0 s: goroutines 1,234, running 2" in words
    assert "run queues of the Ps 3 4" in words
    page = as_html(view)
    assert "<img" not in page
    view.close()


def test_a_view_of_nothing_has_words(feed: Hand) -> None:
    view = LiveView(feed)
    assert view.text_alternative() == "Live: by hand: nothing was seen yet."
    view.close()
    assert view.text_alternative().endswith("Ended: let go.")


def test_a_real_program(tmp_path: Any) -> None:
    with pytest.raises(UsageError):
        LiveView(tmp_path / "none")
    view = Sent("meet_gmp", ["-goroutines", 50], title="Meet", hz=10, history_s=7)
    assert view.source["name"] == "meet_gmp"
    assert view.source["capacity"] == 70
    assert view.feed.wait(NEVER_S)
    assert "exit status 0" in view.text_alternative()
    view.close()
