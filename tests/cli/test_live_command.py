"""``schedlab live`` as a shell and a browser see it: who may look, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tornado.websocket import websocket_connect

from schedlab.cli import main

COMMAND = [sys.executable, "-m", "schedlab.cli", "live"]
# Ends by itself, should a test not get to it.
SERVER = ("article_endpoint", "--", "-for", "300s", "-bursts", "0", "-goroutines", "20")
NEVER_S = 120.0


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, and the address of its page."""
    with subprocess.Popen(
        [*COMMAND, "--no-open", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as command:
        try:
            assert command.stdout is not None
            lines = iter(command.stdout.readline, "")
            address = next(line.split()[-1] for line in lines if line.startswith("schedlab: live at "))
            yield command, address
        finally:
            command.kill()


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    with started(*SERVER) as (_, address):
        yield address


def get(
    address: str, *, path: str | None = None, host: str | None = None
) -> tuple[int, Mapping[str, str], str]:
    url = urlsplit(address)
    connection = http.client.HTTPConnection(url.netloc, timeout=NEVER_S)
    try:
        connection.request("GET", url.path if path is None else path, headers={"Host": host or url.netloc})
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read().decode()
    finally:
        connection.close()


def test_the_page_and_its_scripts(page: str) -> None:
    status, headers, text = get(page)
    assert status == 200
    assert "<h1>Live: article_endpoint</h1>" in text
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "frame-ancestors 'none'" in policy
    for name, kind in (("live.js", "javascript"), ("live_page.js", "javascript"), ("live.css", "css")):
        status, headers, text = get(page + name)
        assert (status, bool(text)) == (200, True)
        assert kind in headers["Content-Type"]


def test_who_does_not_know_the_path_gets_nothing(page: str) -> None:
    token = urlsplit(page).path.strip("/")
    assert len(token) >= 32
    for path in (
        "/",
        "/live.js",
        "/socket",
        f"/{token}x/",
        f"/{token[:-1]}/",
        f"/{token}/../",
        f"/{token}/page.js",
    ):
        status, _, text = get(page, path=path)
        assert (status, token in text) == (404, False), path


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}"]
)
def test_another_name_for_this_machine_is_refused(page: str, host: str) -> None:
    named = host.format(port=urlsplit(page).port)
    for name in ("", "live.js", "socket"):
        status, _, text = get(page + name, host=named)
        assert (status, text) == (403, "403\n")


def test_it_listens_on_this_machine_only(page: str) -> None:
    port = urlsplit(page).port
    assert port is not None
    own = {one[4][0] for one in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in own - {"127.0.0.1"}:
        if not str(address).startswith("127."):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((str(address), port), timeout=NEVER_S)
    with Path("/proc/net/tcp").open() as table:
        listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
    assert [one.split(":")[0] for one in listening if one.endswith(f":{port:04X}")] == ["0100007F"]


async def _batches(address: str, count: int) -> list[tuple[str, int]]:
    """What a viewer gets that takes ``count`` batches: kinds of messages and lengths of blobs."""
    url = "ws" + address.removeprefix("http") + "socket"
    viewer = await websocket_connect(url)
    got: list[tuple[str, int]] = []
    first = await viewer.read_message()
    assert isinstance(first, str)
    assert json.loads(first)["kind"] == "state"
    assert json.loads(first)["state"]["source"]["hz"] == 20
    await viewer.write_message('{"kind":"hello"}')
    while len(got) < count:
        message, data = await viewer.read_message(), await viewer.read_message()
        assert isinstance(message, str)
        assert isinstance(data, bytes)
        got.append((json.loads(message)["kind"], json.loads(message)["number"]))
        assert data.startswith(b"SLB1")
        await viewer.write_message(json.dumps({"kind": "got", "number": json.loads(message)["number"]}))
    viewer.close()
    while await viewer.read_message() is not None:
        continue
    return got


def test_several_viewers_each_get_all(page: str) -> None:
    async def both() -> list[list[tuple[str, int]]]:
        return list(await asyncio.gather(_batches(page, 4), _batches(page, 4), _batches(page, 2)))

    first, second, third = asyncio.run(both())
    assert first == second == [("batch", number) for number in (1, 2, 3, 4)]
    assert third == first[:2]


def test_a_page_of_another_site_gets_no_socket(page: str) -> None:
    netloc = urlsplit(page).netloc
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "c2NoZWRsYWItbGl2ZS10ZXN0cw==",
        "Sec-WebSocket-Version": "13",
    }
    for origin, status in (
        ("http://evil.example", 403),
        (page.replace("127.0.0.1", "127.0.0.2"), 403),
        ("null", 403),
        (f"http://{netloc}", 101),
    ):
        connection = http.client.HTTPConnection(netloc, timeout=NEVER_S)
        headers = upgrade | {"Origin": origin}
        connection.request("GET", urlsplit(page).path + "socket", headers=headers)
        answer = connection.getresponse()
        assert answer.status == status, origin
        answer.close()
        connection.close()


def test_nonsense_from_a_viewer_harms_nobody(page: str) -> None:
    async def talk() -> object:
        viewer = await websocket_connect("ws" + page.removeprefix("http") + "socket")
        await viewer.read_message()
        for message in ("[]", '{"kind":[]}', '{"kind":"got","number":"x"}', "[" * 4000):
            await viewer.write_message(message)
        last = await viewer.read_message()
        viewer.close()
        return last

    assert asyncio.run(talk()) is None, "the socket was closed"
    assert asyncio.run(_batches(page, 1)) == [("batch", 1)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_survives_the_command(
    number: signal.Signals, gone: Callable[[int], AbstractContextManager[None]]
) -> None:
    with started(*SERVER) as (command, address), gone(command.pid):
        assert asyncio.run(_batches(address, 1)) == [("batch", 1)]
        command.send_signal(number)
        assert command.stdout is not None
        assert command.stderr is not None
        out, err = command.stdout.read(), command.stderr.read()
        command.wait(NEVER_S)
        if number != signal.SIGKILL:
            assert (command.returncode, err) == (0, "schedlab: stopped from here\n")
            assert '{"address":' in out, "what the program printed"


@pytest.fixture
def gone() -> Callable[[int], AbstractContextManager[None]]:
    """At the end of the block, the processes below one are gone that were there at its start."""

    @contextmanager
    def check(pid: int) -> Iterator[None]:
        below = children(pid)
        assert below, "there was something to end"
        yield
        for one in below:
            while is_there(one):
                os.sched_yield()

    return check


def children(pid: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and is_there(int(folder.name)):
            try:
                stat = (folder / "stat").read_text()
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == pid:
                found += [int(folder.name), *children(int(folder.name))]
    return found


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_the_end_of_the_program_is_told_and_the_page_stays() -> None:
    with started("meet_gmp", "--gomaxprocs", "1", "--", "-goroutines", "5") as (command, address):
        assert command.stderr is not None
        assert (
            "the program ended with exit status 0; the page stays until Ctrl-C" in command.stderr.readline()
        )
        assert asyncio.run(_batches(address, 1)) == [("batch", 1)]
        command.send_signal(signal.SIGINT)
        assert command.wait(NEVER_S) == 0


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "required: PROG|URL"),
        (["no_such_sample"], 2, "no folder with a Go program"),
        (["meet_gmp", "--hz", "0"], 2, "no rate"),
        (["meet_gmp", "--hz", "often"], 2, "invalid float"),
        (["meet_gmp", "--port", "70000"], 2, "no port"),
        (["meet_gmp", "--history", "-1"], 2, "cannot be kept"),
        (["127.0.0.1:1"], 1, "did not answer"),
        (["127.0.0.1:1", "--gomaxprocs", "2"], 2, "runs already"),
        (["https://127.0.0.1:1"], 2, "only http"),
    ],
)
def test_wrong_use_is_named(
    capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, said: str
) -> None:
    try:
        left: object = main(["live", "--no-open", *arguments])
    except SystemExit as argparse_left:
        left = argparse_left.code
    assert left == status
    assert said in capsys.readouterr().err


def test_a_port_that_is_taken_is_named_and_the_program_ends(capsys: pytest.CaptureFixture[str]) -> None:
    before = children(os.getpid())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["live", "--no-open", "--port", str(port), *SERVER]) == 2
    assert f"nothing can listen on port {port}" in capsys.readouterr().err
    assert children(os.getpid()) == before, "the program that was started is gone"
