"""400 submissions at one moment, through the page and through the API in turns: the part of ``make bench`` where many
people click at once.

The web process runs alone: judging would take the cores that are compared.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from app import auth, interviews
from app.database import Database
from app.migrating import migrate
from app.models import Interviewer
from judge.bench import tree_cpu_seconds

PEOPLE = 400
TURNS = 3
CODE = "from torch import nn\n\n\nclass MyBatchNorm1d(nn.Module):\n    pass\n"
START_SECONDS = 60.0


@dataclass(frozen=True)
class Crowd:
    """Who submits: the cookie and number of each invited candidate, and the token of CI."""

    cookies: list[str]
    owners: list[int]
    token: str


@dataclass(frozen=True)
class Rush:
    """One moment's submissions: until the last answer, the web process's CPU, and the answers that were refusals."""

    seconds: float
    cpu_seconds: float
    refused: int


def rush(name: str, url: str) -> None:
    """Prints the table of one database."""
    migrate(url)
    crowd = asyncio.run(_invite_crowd(url))
    rushes: dict[str, list[Rush]] = {"page": [], "API": []}
    with _web(url) as (port, pid):
        for turn in range(TURNS + 1):
            requests = {
                "API": [_api_request(crowd.token, f"{turn}-{number}") for number in range(PEOPLE)],
                "page": [
                    _page_request(cookie, owner, f"once-{turn}")
                    for cookie, owner in zip(crowd.cookies, crowd.owners, strict=True)
                ],
            }
            for way in sorted(requests, reverse=turn % 2 == 1):
                took = asyncio.run(_send_at_once(port, pid, requests[way]))
                if turn:  # the first warms templates, statements and connections
                    rushes[way].append(took)
    _print(name, rushes)


def _print(name: str, rushes: dict[str, list[Rush]]) -> None:
    print(f"\n{PEOPLE} submissions at one moment, on {name}: medians of {TURNS} turns")
    print("| way | until the last answer | CPU of the web process | refused |\n|---|---|---|---|")
    for way, those in rushes.items():
        seconds = statistics.median(one.seconds for one in those)
        cpu = statistics.median(one.cpu_seconds for one in those)
        print(f"| {way} | {seconds:.2f} s | {cpu:.2f} s | {sum(one.refused for one in those)} |")
    page, api = ([one.seconds for one in rushes[way]] for way in ("page", "API"))
    print(f"| page / API | {statistics.median(page) / statistics.median(api):.2f} | | |")


async def _invite_crowd(url: str) -> Crowd:
    database = Database(url)
    cookies, owners = [], []
    async with database.writing() as session:
        interviewer = Interviewer(name="bench", password_hash="no password has this hash")  # noqa: S106 - no password
        session.add(interviewer)
        await session.flush()
        for number in range(PEOPLE):
            new = await interviews.invite(session, interviewer, f"Person {number}", ["batchnorm1d"], days=1)
            cookies.append(await auth.admit_candidate(session, new.invitation))
            owners.append(new.invitation.candidate_id)
        _, token = await auth.create_token(session, "bench")
    await database.close()
    return Crowd(cookies, owners, token)


@contextlib.contextmanager
def _web(url: str) -> Iterator[tuple[int, int]]:
    """Port and process number of a web process on that database; ends with the block."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(2 * PEOPLE)
        port = listener.getsockname()[1]
        settings = {"HANDCODE_DATABASE_URL": url, "HANDCODE_LOG_LEVEL": "WARNING"}
        command = [sys.executable, "-m", "app.cli", "web", "--fd", str(listener.fileno())]
        process = subprocess.Popen(command, env=os.environ | settings, pass_fds=[listener.fileno()])  # noqa: S603 - ours
    try:
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def _page_request(cookie: str, owner: int, once: str) -> bytes:
    """What the workspace's script sends when someone clicks."""
    body = urlencode({"code": CODE, "action": "submit", "once": once, "owner": owner}).encode()
    return _request(
        "/problems/batchnorm1d", body, "application/x-www-form-urlencoded",
        f"Cookie: {auth.CANDIDATE_COOKIE}={cookie}\r\nHX-Request: true\r\nSec-Fetch-Site: same-origin\r\nAccept: */*",
    )  # fmt: skip


def _api_request(token: str, key: str) -> bytes:
    body = json.dumps({"problem": "batchnorm1d", "code": CODE}).encode()
    headers = f"Authorization: Bearer {token}\r\nIdempotency-Key: {key}"
    return _request("/api/v1/submissions", body, "application/json", headers)


def _request(path: str, body: bytes, media_type: str, headers: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}"
    return f"{head}\r\n{headers}\r\n\r\n".encode() + body


async def _send_at_once(port: int, pid: int, requests: list[bytes]) -> Rush:
    """Every connection is open before the first request leaves."""
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in requests]
    cpu, began = tree_cpu_seconds(pid), time.perf_counter()
    for (_, writer), request in zip(connections, requests, strict=True):
        writer.write(request)
    statuses = await asyncio.gather(*(_status(reader) for reader, _ in connections))
    rush = Rush(time.perf_counter() - began, tree_cpu_seconds(pid) - cpu, sum(status >= 300 for status in statuses))
    for _, writer in connections:
        writer.close()
    return rush


async def _status(reader: asyncio.StreamReader) -> int:
    """Of one answer, read to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
    await reader.readexactly(int(fields["content-length"]))
    return int(head.split(" ", 2)[1])


def main() -> int:
    """On SQLite, and on each empty database whose address is given: ``python -m app.rush postgresql+psycopg://…``."""
    with tempfile.TemporaryDirectory(prefix="handcode-rush-") as folder:
        rush("SQLite", f"sqlite:///{Path(folder) / 'handcode.db'}")
    for url in sys.argv[1:]:
        rush("PostgreSQL", url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
