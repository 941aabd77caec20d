"""The labs of chapter 3: what their checks say of what they saw, and how they see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.learn.made_labs import make_lab

from schedlab.learn.labs import find, grade
from schedlab.learn.labs.attempt import Misbehaved, prepare
from schedlab.learn.labs.checks import bounded_cgo, starving_server
from schedlab.learn.labs.checks._network import Peer, connections, port_of, waits_without_end
from schedlab.learn.labs.checks._uploads import served
from schedlab.learn.labs.verdicts import State
from schedlab.learn.labs.work import files_of

LISTENS = """package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			DEADLINE
			go func() {
				defer conn.Close()
				io.Copy(conn, conn)
			}()
		}
	}()
	_ = time.Hour
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}
"""


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ({}, ""),
        ({"served": 0, "silent_in_body": 24, "silent_in_header": 4}, "starved"),
        ({"served": 0, "silent_in_body": 24, "silent_in_header": 4, "ps": 16}, "more_ps"),
        ({"served": 0, "silent_in_body": 24}, "only_the_header"),
        ({"served": 0, "refused": 40, "silent_in_body": 24, "silent_in_header": 4}, "refused"),
        ({"slow_served": 0}, "drops_the_slow"),
        ({"slow_served": 0, "served": 30, "refused": 10}, "drops_the_slow"),
        ({"read_at_once": 28}, "no_limit"),
        ({"read_at_once": 28, "silent_in_body": 24}, "keeps_all"),
        ({"read_at_once": 28, "silent_in_body": 424, "starved_at": 424}, "starves_later"),
        ({"silent_in_body": 24}, "silent_stay"),
        ({"silent_in_header": 4}, "silent_in_the_header"),
        ({"goroutines": 40}, "left_behind"),
        ({"connections": 1}, "left_behind"),
    ],
)
def test_what_is_said_of_a_server(seen: dict[str, int], code: str) -> None:
    found = starving_server.decide(starving_server.Seen(**seen))
    assert found.code == code
    assert (found.state is State.RIGHT) == (not code)


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ({"threads": 13}, ""),
        ({"in_c": 100, "threads": 105}, "too_many_threads"),
        ({"in_c": 100, "threads": 105, "ps": 1}, "gomaxprocs"),
        ({"threads": 105, "locked": 100}, "locked_threads"),
        ({"in_c": 0}, "no_call"),
        ({"in_c": 1}, "one_at_a_time"),
        ({"in_c": 7}, "too_few"),
        ({"calls": 99}, "calls_missing"),
        ({"refilled": False}, "in_batches"),
        ({"refilled": False, "calls": 8}, "calls_missing"),
    ],
)
def test_what_is_said_of_calls_into_c(seen: dict[str, Any], code: str) -> None:
    found = bounded_cgo.decide(bounded_cgo.Seen(**seen))
    assert found.code == code
    assert (found.state is State.RIGHT) == (not code)


# Right answers that are none of the labs' own: what stands in the starter, and what does instead.
WORKERS = (
    """	for n := range answers {
		all.Go(func() { answers[n] = slow.Answer(first + uint64(n)) })
	}
""",
    """	next := make(chan int)
	for range atOnce {
		all.Go(func() {
			for n := range next {
				answers[n] = slow.Answer(first + uint64(n))
			}
		})
	}
	for n := range answers {
		next <- n
	}
	close(next)
""",
)
PLACE_BEFORE_GO = (
    """	for n := range answers {
		all.Go(func() { answers[n] = slow.Answer(first + uint64(n)) })
""",
    """	place := make(chan struct{}, atOnce)
	for n := range answers {
		place <- struct{}{}
		all.Go(func() {
			answers[n] = slow.Answer(first + uint64(n))
			<-place
		})
""",
)
WATCHDOG = (
    """	upload, err := io.ReadAll(r.Body)
""",
    """	control := http.NewResponseController(w)
	watchdog := time.AfterFunc(silence, func() { control.SetReadDeadline(time.Now()) })
	defer watchdog.Stop()
	var upload []byte
	var err error
	for part := make([]byte, 4096); err == nil; {
		var n int
		n, err = r.Body.Read(part)
		upload = append(upload, part[:n]...)
		watchdog.Reset(silence)
	}
	if err == io.EOF {
		err = nil
	}
""",
)
HEADER = ("HandlerFunc(receive)}", "HandlerFunc(receive), ReadHeaderTimeout: silence}")


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("bounded_cgo", (WORKERS,)),
        ("bounded_cgo", (PLACE_BEFORE_GO,)),
        ("starving_server", (WATCHDOG, HEADER)),
    ],
    ids=["workers", "place_before_go", "watchdog"],
)
def test_other_right_answers_are_right(
    tmp_path: Path, name: str, changes: tuple[tuple[str, str], ...]
) -> None:
    starter = files_of(find(name).starter)
    source = starter["main.go"].decode()
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    for file, text in (starter | {"main.go": source.encode()}).items():
        (tmp_path / file).write_bytes(text)
    found = grade(find(name), tmp_path)
    assert found.state in (State.RIGHT, State.NOT_MEASURABLE_HERE), found.message


def test_a_deadlock_of_calls_into_c_has_its_code(tmp_path: Path) -> None:
    source = (find("bounded_cgo").starter / "main.go").read_text()
    call = "answers[n] = slow.Answer(first + uint64(n))"
    (tmp_path / "main.go").write_text(source.replace(call, f"<-make(chan int); {call}"))
    found = grade(find("bounded_cgo"), tmp_path)
    assert found.code == "no_call" or found.state is State.NOT_MEASURABLE_HERE


@pytest.mark.parametrize("deadline", ["", "conn.SetReadDeadline(time.Now().Add(time.Hour))"])
def test_who_waits_for_the_network_only_waits_without_end(tmp_path: Path, deadline: str) -> None:
    source = LISTENS.replace("DEADLINE", deadline)
    attempt = prepare(make_lab(tmp_path), {"main.go": source.encode()})
    with attempt.held() as held:
        held.await_line("ready")
        peer = Peer(port_of(held))
        assert held.watch(lambda: connections(held) == 1)
        peer.send(b"word")
        assert held.watch(lambda: _heard(peer) == b"word")
        # Once it has answered, it waits for the next word: with a deadline or without.
        limits = [held.watch(lambda: waits_without_end(held), patience_s=0.5) for _ in range(2)]
        assert limits == [not deadline] * 2
        peer.close()
        assert held.watch(lambda: connections(held) == 0)
        held.finish()


def test_a_program_that_does_not_listen(tmp_path: Path) -> None:
    source = LISTENS.replace("DEADLINE", "").replace(
        'fmt.Println("ready")', 'listener.Close()\n\tfmt.Println("ready")'
    )
    with prepare(make_lab(tmp_path), {"main.go": source.encode()}).held() as held:
        held.await_line("ready")
        with pytest.raises(Misbehaved, match="listens on no TCP port"):
            port_of(held)


def _heard(peer: Peer) -> bytes:
    peer.listen()
    return peer.reply


class _Replied(Peer):
    def __init__(self, reply: bytes) -> None:
        self.reply = reply


def test_only_the_own_checksum_is_an_answer() -> None:
    right = b"HTTP/1.1 200 OK\r\n\r\n3610a686\n"
    assert (
        served(
            [(_Replied(right), b"hello"), (_Replied(b""), b"x"), (_Replied(b"HTTP/1.1 503 No\r\n\r\n"), b"x")]
        )
        == 1
    )
    with pytest.raises(Misbehaved, match="checksum of something else"):
        served([(_Replied(right), b"hallo")])
