"""The web process: killed and started again without losing a submission; waited at by many without getting stuck."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from app import auth
from app.config import Settings
from app.database import Database
from app.models import Scope

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parent.parent.parent
ACCEPTED = (ROOT / "judge/problems/batchnorm1d/submissions/accepted/beginner.py").read_text("utf-8")
PATIENCE = 90.0


class Web:
    """``python -m app.cli web`` (and ``worker``) on a port of its own."""

    def __init__(self, settings: Settings, log: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings, self._log = settings, log
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, command: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "HANDCODE_DATA": str(self._settings.data),
            "HANDCODE_DATABASE_URL": self._settings.database,
            "HANDCODE_PORT": str(self.port),
            "HANDCODE_SLOTS": "1",
            "HANDCODE_STANDBY_CELLS": "1",
        }
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", command], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        self.processes.append(process)
        if command == "web":
            self._wait_until_it_answers()
        return process

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                httpx2.get(f"{self.url}/livez")
            except httpx2.TransportError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(self._log.read_text())


@pytest.fixture
def web(settings: Settings, tmp_path: Path) -> Iterator[Web]:
    started = Web(settings, tmp_path / "log")
    yield started
    for process in started.processes:
        process.kill()
        process.wait()


@pytest.fixture
def client_of(settings: Settings) -> Callable[[Web], httpx2.AsyncClient]:
    async def make_token() -> str:
        database = Database(settings.database)
        async with database.writing() as session:
            _, token = await auth.create_token(session, "ci", [Scope.SUBMIT])
        await database.close()
        return token

    token = asyncio.run(make_token())

    def client(web: Web) -> httpx2.AsyncClient:
        limits = httpx2.Limits(max_connections=200)
        headers = {"Authorization": f"Bearer {token}"}
        return httpx2.AsyncClient(base_url=f"{web.url}/api/v1", headers=headers, timeout=PATIENCE, limits=limits)

    return client


async def waiting(client: httpx2.AsyncClient, submission: int, requests: int) -> list[asyncio.Task[httpx2.Response]]:
    """So many requests that wait for its verdict, once the web process has read them all."""
    sent = asyncio.Semaphore(0)

    async def trace(event: str, _: object) -> None:
        if event == "http11.send_request_body.complete":
            sent.release()

    tasks = [
        asyncio.create_task(client.get(f"/submissions/{submission}", params={"wait": 60}, extensions={"trace": trace}))
        for _ in range(requests)
    ]
    async with asyncio.timeout(PATIENCE):
        for _ in tasks:
            await sent.acquire()
    await client.get("/submissions")  # takes its turn behind them
    return tasks


@pytest.mark.usefixtures("jail")
async def test_a_killed_web_process_loses_no_submission(
    web: Web, client_of: Callable[[Web], httpx2.AsyncClient]
) -> None:
    killed = web.start("web")
    async with client_of(web) as client:
        sent = await client.post("/submissions", json={"problem": "batchnorm1d", "code": ACCEPTED})
        [request] = await waiting(client, sent.json()["id"], 1)
        killed.send_signal(signal.SIGKILL)
        with pytest.raises(httpx2.TransportError):
            await request
    web.start("web")
    web.start("worker")
    async with client_of(web) as client:
        answer = (await client.get(f"/submissions/{sent.json()['id']}", params={"wait": 60})).json()
    assert (answer["state"], answer["verdict"], answer["score"]) == ("done", "accepted", 100.0)


@pytest.mark.usefixtures("jail")
async def test_a_hundred_waiting_requests_hold_nothing_another_needs(
    web: Web, client_of: Callable[[Web], httpx2.AsyncClient]
) -> None:
    web.start("web")
    async with client_of(web) as client:
        sent = (await client.post("/submissions", json={"problem": "batchnorm1d", "code": ACCEPTED})).json()
        requests = await waiting(client, sent["id"], 100)
        for _ in range(20):
            assert (await client.get("/submissions")).status_code == 200
        assert not any(one.done() for one in requests)
        worker = web.start("worker")
        verdicts = {one.json()["verdict"] for one in await asyncio.gather(*requests)}
    assert verdicts == {"accepted"}
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0


async def test_a_web_process_told_to_stop_answers_those_who_wait(
    web: Web, client_of: Callable[[Web], httpx2.AsyncClient]
) -> None:
    process = web.start("web")
    async with client_of(web) as client:
        sent = (await client.post("/submissions", json={"problem": "batchnorm1d", "code": ACCEPTED})).json()
        requests = await waiting(client, sent["id"], 20)
        process.send_signal(signal.SIGTERM)
        answers = [await each for each in requests]
    assert process.wait(50) is not None, "well before the minute of the waiting requests"
    assert [(answer.status_code, answer.json()["state"]) for answer in answers] == [(200, "queued")] * 20
