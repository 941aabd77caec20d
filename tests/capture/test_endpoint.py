"""Captures over HTTP from a living program, and the profiles of go tool trace."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from schedlab import process, toolchain
from schedlab.capture import endpoint, pprof, trace_tool
from schedlab.capture.endpoint import EndpointError
from schedlab.capture.errors import CaptureError
from schedlab.process import Live


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    sample = toolchain.build("article_endpoint")
    # Beyond what the go tool takes to build the tools that these tests ask of it.
    with process.start(
        sample, ["-for", "500s", "-bursts", "0", "-goroutines", "100"], wall_limit_s=500
    ) as live:
        yield live


@pytest.fixture(scope="module")
def address(server: Live) -> str:
    found: str = json.loads(server.wait_for_line("address", timeout_s=30))["address"]
    return found


def test_a_profile_of_a_living_program(address: str) -> None:
    profile = pprof.parse(endpoint.fetch(address, "goroutine"))
    functions = {frame.function for stack in profile.stacks for frame in stack}
    assert "main.main" in functions
    assert b"goroutine" in endpoint.fetch(address, "")


def test_a_cpu_profile_takes_its_seconds(address: str) -> None:
    short, long = (pprof.parse(endpoint.fetch(address, "profile", seconds=count)) for count in (1, 3))
    # A clock that is being set runs a little slow or fast: 1 s may be a moment less.
    assert 2 * short.duration_ns < long.duration_ns
    assert short.total("cpu") > 0


def test_which_process_answers(server: Live, address: str) -> None:
    assert endpoint.pid_of(address) == server.pid
    assert endpoint.pid_of("192.0.2.1:80") is None, "it is elsewhere, and is not asked"


@contextmanager
def answering(command: bytes | None) -> Iterator[str]:
    """A server of this very process that says it has this command line; its address."""

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404 if command is None else 200)
            self.end_headers()
            self.wfile.write(command or b"")

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{served.server_port}"
        finally:
            served.shutdown()


def test_who_passes_on_what_another_says_is_not_it(address: str) -> None:
    with answering(endpoint.fetch(address, "cmdline")) as relay:
        assert endpoint.pid_of(relay) is None


def test_a_server_that_does_not_tell_its_command_line_is_nobodys() -> None:
    with answering(None) as silent:
        assert endpoint.pid_of(silent) is None
    with pytest.raises(EndpointError, match="did not answer"):
        endpoint.pid_of(silent)


@pytest.mark.parametrize("kind", ["sched", "sync"])
def test_profiles_of_an_execution_trace(address: str, kind: trace_tool.Kind) -> None:
    trace = endpoint.fetch(address, "trace", seconds=0.05)
    profile = trace_tool.profile(trace, kind)
    assert [value.type for value in profile.sample_types] == ["contentions", "delay"]
    assert profile.total("delay") > 0


def test_what_is_no_trace_is_refused_in_the_tools_words() -> None:
    with pytest.raises(CaptureError, match=r"go tool trace -pprof=sched could not read the trace: .+"):
        trace_tool.profile(b"this is no trace", "sched")


@pytest.mark.parametrize("name", ["scheduler", "../../etc/passwd", "<script>"])
def test_an_unknown_profile_is_refused_with_the_programs_words(address: str, name: str) -> None:
    with pytest.raises(EndpointError, match="404") as refused:
        endpoint.fetch(address, name)
    assert refused.value.status == 404


def test_nobody_listening_is_said_with_the_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(EndpointError, match=f"127.0.0.1:{port}") as failed:
        endpoint.fetch(f"127.0.0.1:{port}", "profile")
    assert failed.value.status is None


def test_a_server_that_takes_a_call_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "_PATIENCE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(EndpointError, match="was reached, and sent nothing") as failed:
            endpoint.fetch(address, "goroutine")
    assert "too busy" in failed.value.remedy


def test_of_another_servers_answer_the_reason_is_told_and_not_the_page() -> None:
    page = b"HTTP/1.0 404 Not Found\r\nContent-Type: text/html\r\n\r\n<h1>nothing here</h1>"
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as other:
        fetched = other.submit(endpoint.fetch, f"127.0.0.1:{server.getsockname()[1]}", "goroutine")
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(page)
        with pytest.raises(EndpointError, match="answered 404: Not Found") as refused:
            fetched.result()
    assert refused.value.message.endswith("Not Found")
    assert "net/http/pprof" in refused.value.remedy


@pytest.mark.parametrize(("name", "asked"), [("profile", "seconds=2"), ("trace", "seconds=1.5")])
def test_a_profile_takes_whole_seconds_and_a_trace_any(name: str, asked: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as other:
        fetched = other.submit(endpoint.fetch, f"127.0.0.1:{server.getsockname()[1]}", name, seconds=1.5)
        connection, _ = server.accept()
        with connection:
            request = connection.recv(4096).decode()
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + request.encode())
        assert f"/debug/pprof/{name}?{asked} " in fetched.result().decode()


@pytest.mark.parametrize("address", ["", "no port", "127.0.0.1:notaport"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(EndpointError):
        endpoint.fetch(address, "profile")


def test_a_proxy_of_the_environment_is_not_asked(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert endpoint.fetch(address, "cmdline")


def test_a_tool_that_go_does_not_have() -> None:
    with pytest.raises(toolchain.ToolUnavailable, match="no tool 'nonsense'"):
        toolchain.tool(toolchain.find(), "nonsense")
