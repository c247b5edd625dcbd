"""One person holds so many streams and waiting requests; whoever asks for more is answered, and holds none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI

from app import auth, interviewers, interviews, streams
from app.config import Settings
from app.database import Database
from app.main import create_app
from app.pages import workspace
from tests.app.conftest import AS_PERSON, CODE, People

pytestmark = pytest.mark.anyio

PAGE = "/problems/batchnorm1d"


@pytest.fixture
async def app(database: Database, anyio_backend: str) -> AsyncIterator[FastAPI]:
    made = create_app(Settings(database_url=database.url, practice=True))
    async with made.router.lifespan_context(made):
        yield made


def browser(app: FastAPI, address: str = "203.0.113.7", **headers: str) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app, client=(address, 1))
    return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers={**AS_PERSON, **headers})


async def send(client: httpx2.AsyncClient, owner: object = workspace.GUEST) -> str:
    """The address of the events of what this sends."""
    sent = await client.post(PAGE, data={"code": CODE, "action": "submit", "owner": str(owner)})
    number = sent.headers["location"].partition("=")[2].partition("#")[0]
    return f"{PAGE}/submissions/{number}/events"


@contextlib.asynccontextmanager
async def held(app: FastAPI, client: httpx2.AsyncClient, address: str, number: int) -> AsyncIterator[None]:
    """So many requests for that address, all of which wait."""
    before = len(app.state.watch._waiters)
    tasks = [asyncio.create_task(client.get(address)) for _ in range(number)]
    try:
        while len(app.state.watch._waiters) < before + number:
            assert not any(task.done() for task in tasks)
            await asyncio.sleep(0.001)
        for _ in range(3):  # what is told at once does not end them
            app.state.watch._changes.wake()
            await asyncio.sleep(0.01)
        assert not any(task.done() for task in tasks)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def assert_told_at_once(client: httpx2.AsyncClient, address: str) -> None:
    answer = await client.get(address)
    assert answer.status_code == 200
    assert f"retry: {workspace.BRIEF_RETRY_MS}" in answer.text


async def test_a_candidate_with_too_many_streams_is_told_how_things_stand(app: FastAPI) -> None:
    async with browser(app) as one, browser(app) as other:
        address, others = await send(one), await send(other)
        async with held(app, one, address, streams.MOST_OF_ONE_PERSON):
            await assert_told_at_once(one, address)
            async with held(app, other, others, 1):
                pass
        async with held(app, one, address, 1):
            pass
    assert not app.state.streams._open


async def test_guests_from_one_address_share_a_limit(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "MOST_OF_GUESTS", 3)
    async with browser(app) as one, browser(app) as other, browser(app, "198.51.100.1") as elsewhere:
        addresses = [await send(each) for each in (one, other, elsewhere)]
        async with held(app, one, addresses[0], 2), held(app, other, addresses[1], 1):
            await assert_told_at_once(other, addresses[1])
            async with held(app, elsewhere, addresses[2], 1):
                pass


async def test_an_invited_candidate_shares_no_limit_with_guests(
    app: FastAPI, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "MOST_OF_GUESTS", 0)
    async with app.state.database.writing() as session:
        made = await interviews.invite(session, people.interviewer, "Lin", ["batchnorm1d"], days=1)
        cookie = await auth.admit_candidate(session, made.invitation)
    async with browser(app, Cookie=f"{auth.CANDIDATE_COOKIE}={cookie}") as client:
        address = await send(client, made.invitation.candidate_id)
        async with held(app, client, address, 1):
            pass


async def test_an_interviewer_with_too_many_streams_is_told_how_things_stand(app: FastAPI) -> None:
    await interviewers.create(app.state.database, "Grace", "eight letters and more")
    async with browser(app) as client, browser(app) as candidate:
        number = (await send(candidate)).split("/")[-2]
        await client.post("/sign-in", data={"name": "Grace", "password": "eight letters and more"})
        address = f"/submissions/{number}/events"
        async with held(app, client, address, streams.MOST_OF_ONE_PERSON):
            await assert_told_at_once(client, address)


async def test_a_token_waits_so_often_at_once(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.submissions.MOST_OF_A_TOKEN", 2)
    database: Database = app.state.database
    async with database.writing() as session:
        _, secret = await auth.create_token(session, "ci")
    async with browser(app, Authorization=f"Bearer {secret}") as client:
        made = await client.post("/api/v1/submissions", json={"problem": "batchnorm1d", "code": CODE})
        address = made.headers["location"]
        async with held(app, client, f"{address}?wait=60", 2):
            refused = await client.get(f"{address}?wait=60")
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
            assert (await client.get(address)).json()["state"] == "queued", "what does not wait is answered"
        async with held(app, client, f"{address}?wait=60", 2):
            pass
