"""Clients that open connections and do not get on: however many they are, others are answered, and they end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app import auth, submissions
from app.config import Settings
from app.database import Database
from app.queue.local import LocalQueue
from tests.app.conftest import CODE

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 90.0
HALF_A_HEAD = b"GET /problems HTTP/1.1\r\nHost: handcode\r\nX-More: "
WHOLE = b"GET /static/nothing HTTP/1.1\r\nHost: handcode\r\n\r\n"
HALF_A_BODY = (
    b"POST /problems/batchnorm1d HTTP/1.1\r\nHost: handcode\r\nContent-Length: 500000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\ncode="
)
SETTING_UP = """
import resource, sys
from app import cli, connections
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
connections.HEAD_SECONDS = connections.BODY_SECONDS = {seconds}
connections.BODY_BYTES_PER_SECOND = {bytes_per_second}
sys.exit(cli.main(["web"]))
"""


@dataclass
class Web:
    """A web process of its own."""

    port: int
    log: Path
    process: subprocess.Popen[bytes]

    def connect(self, sent: bytes = b"") -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        opened.sendall(sent)
        return opened

    def answers(self) -> bool:
        """An ordinary request on a connection of its own."""
        with self.connect(WHOLE) as asking:
            return asking.recv(65536).startswith(b"HTTP/1.1 404 ")


Start = Callable[..., Web]


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Start]:
    """Starts a web process with deadlines and a limit of descriptors; ends it with the test."""
    started: list[Web] = []

    def start(*, seconds: float, soft: int = 1024, hard: int | None = None, bytes_per_second: int = 1024) -> Web:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        hard = hard or resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        program = SETTING_UP.format(soft=soft, hard=hard, seconds=seconds, bytes_per_second=bytes_per_second)
        environment = os.environ | {
            "HANDCODE_DATA": str(settings.data),
            "HANDCODE_DATABASE_URL": settings.database,
            "HANDCODE_PORT": str(port),
            "HANDCODE_PRACTICE": "1",
        }
        log = tmp_path / "log"
        with log.open("wb") as written:
            process = subprocess.Popen(
                [sys.executable, "-c", program], cwd=ROOT, env=environment, stdout=written, stderr=written
            )
        web = Web(port, log, process)
        started.append(web)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(ConnectionRefusedError):
                if web.answers():
                    return web
            time.sleep(0.05)
        raise AssertionError(log.read_text())

    yield start
    for web in started:
        web.process.kill()
        web.process.wait()


@pytest.fixture
def many() -> Iterator[list[socket.socket]]:
    """Room for more connections than a test is given by default; what is put into the list is closed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    opened: list[socket.socket] = []
    yield opened
    for each in opened:
        each.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def read_to_the_end(connection: socket.socket) -> bytes:
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while some := connection.recv(65536):
            said += some
    return said


def dribble(connection: socket.socket, drop: bytes = b"x") -> bytes:
    """Sends a little every tenth of a second until the other side has ended; returns what it said before."""
    connection.settimeout(0.1)
    said = b""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            connection.sendall(drop)
            some = connection.recv(65536)
        except TimeoutError:
            continue
        except OSError:
            return said
        if not some:
            return said
        said += some
    raise AssertionError(f"still open; it said {said!r}")


def assert_timed_out(said: bytes) -> None:
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 "), said
    assert b"connection: close" in head
    assert json.loads(body)["code"] == "request_timeout"


def test_twelve_hundred_half_open_connections_keep_nobody_else_waiting_and_end(
    start: Start, many: list[socket.socket]
) -> None:
    web = start(seconds=5.0)
    many += [web.connect(HALF_A_HEAD) for _ in range(1200)]
    assert web.answers(), "while they are open: the limit of 1024 descriptors was raised"
    for each in many:
        assert_timed_out(read_to_the_end(each))
    assert web.answers()


@pytest.mark.parametrize("sent", [HALF_A_HEAD, HALF_A_BODY, b""], ids=["heads", "bodies", "nothing"])
def test_where_the_limit_cannot_be_raised_those_who_kept_us_waiting_make_room(
    start: Start, many: list[socket.socket], sent: bytes
) -> None:
    web = start(seconds=600.0, soft=300, hard=300)
    for _ in range(600):
        many.append(web.connect(sent))
        if len(many) % 100 == 0:
            assert web.answers()
    said = [line for line in web.log.read_text().splitlines() if "connections that there may be" in line]
    assert len(said) == 1, said


def test_whoever_is_being_answered_does_not_make_room(
    start: Start, many: list[socket.socket], settings: Settings
) -> None:
    web = start(seconds=600.0, soft=300, hard=300)
    asking = asyncio.run(ask_for_a_verdict(settings))
    waiting = [web.connect(asking) for _ in range(100)]
    many += [web.connect(HALF_A_HEAD) for _ in range(400)]
    assert web.answers()
    many += waiting
    assert select.select(waiting, [], [], 0)[0] == [], "none was answered or ended"
    while True:  # until there are no more than those who wait to be answered
        many.append(web.connect(asking))
        if said := said_at_once(many[-1]):
            break
    assert said.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 2\r\n" in said


async def ask_for_a_verdict(settings: Settings) -> bytes:
    """A request that waits a minute for the verdict of a submission, which nobody judges."""
    database = Database(settings.database)
    async with database.writing() as session:
        token, secret = await auth.create_token(session, "ci")
    access = auth.TokenAccess(token.id)
    number = await database.change(submissions.submit, LocalQueue(database), access, "batchnorm1d", CODE)
    await database.close()
    address = f"/api/v1/submissions/{number}?wait=60"
    return f"GET {address} HTTP/1.1\r\nHost: handcode\r\nAuthorization: Bearer {secret}\r\n\r\n".encode()


def said_at_once(connection: socket.socket) -> bytes:
    """What it says within a moment, if anything."""
    return connection.recv(65536) if select.select([connection], [], [], 0.05)[0] else b""


@pytest.mark.parametrize("sent", [HALF_A_HEAD, HALF_A_BODY], ids=["head", "body"])
def test_a_request_that_comes_byte_by_byte_is_ended_with_408(start: Start, sent: bytes) -> None:
    web = start(seconds=1.0)
    with web.connect(sent) as slow:
        assert_timed_out(dribble(slow))
    assert web.answers()
    assert ("POST /problems/{slug} 408" in web.log.read_text()) is (sent is HALF_A_BODY)


def test_a_body_that_nobody_reads_is_ended_too(start: Start) -> None:
    web = start(seconds=1.0)
    with web.connect(HALF_A_BODY.replace(b"/problems/batchnorm1d", b"/nowhere")) as slow:
        said = dribble(slow)
    assert said.startswith(b"HTTP/1.1 404 ")
    assert said.count(b"HTTP/1.1") == 1, "an answered request gets no second answer"


@pytest.mark.parametrize("before", [b"", WHOLE], ids=["at once", "after a request"])
def test_empty_lines_keep_no_connection_open(start: Start, before: bytes) -> None:
    web = start(seconds=1.0)
    with web.connect(before) as slow:
        said = dribble(slow, b"\r\n")
    assert said.count(b"HTTP/1.1") == (1 if before else 0)


def test_a_connection_that_says_nothing_is_closed_without_a_word(start: Start) -> None:
    web = start(seconds=1.0)
    with web.connect() as silent:
        assert read_to_the_end(silent) == b""


def test_a_large_body_that_keeps_moving_is_taken(start: Start) -> None:
    """In many pieces, for longer than the deadline of one that does not move."""
    web = start(seconds=1.0, bytes_per_second=25_000)
    body = b"code=" + b"x" * 499_995
    with web.connect(HALF_A_BODY.removesuffix(b"code=")) as sending:
        for start_of_piece in range(0, len(body), 50_000):
            sending.sendall(body[start_of_piece : start_of_piece + 50_000])
            time.sleep(0.2)
        said = sending.recv(65536)
    assert said.startswith(b"HTTP/1.1 413 "), said  # that it is too much code is said once it has been read


def test_a_second_request_cut_short_does_not_cut_the_first(start: Start) -> None:
    web = start(seconds=1.0)
    with web.connect(WHOLE + HALF_A_HEAD) as pipelined:
        said = read_to_the_end(pipelined)
    assert said.startswith(b"HTTP/1.1 404 ")
    assert_timed_out(said[said.index(b"HTTP/1.1 408") :])
