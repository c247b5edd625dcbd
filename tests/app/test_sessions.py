"""Whose session ends when, and that nobody acts with one that has ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import auth, interviews
from app.config import Settings
from app.database import Database
from app.main import create_app
from app.models import Judging, LoginSession, State, Submission
from tests.app.conftest import AS_PERSON, CODE, People

pytestmark = pytest.mark.anyio

PAGE = "/problems/batchnorm1d"
AS_SCRIPT = {**AS_PERSON, "HX-Request": "true"}
LONG_ENOUGH_SECONDS = 0.5
"""For something that must wait to go ahead, should it not wait."""

End = Callable[[AsyncSession, int], Awaitable[object]]


@pytest.fixture
async def app(database: Database, anyio_backend: str) -> AsyncIterator[FastAPI]:
    """A started application on either database."""
    made = create_app(Settings(database_url=database.url))
    async with made.router.lifespan_context(made):
        yield made


def browser(app: FastAPI, **cookies: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1:8000", cookies=cookies, headers=AS_PERSON
    )


async def count(database: Database, table: type[LoginSession | Submission]) -> int:
    row = await database.row(select(func.count()).select_from(table))
    assert row is not None
    number: int = row[0]
    return number


@pytest.mark.parametrize("end", [interviews.renew_link, interviews.revoke])
async def test_a_link_that_ends_takes_along_whoever_came_in_by_it(app: FastAPI, people: People, end: End) -> None:
    database: Database = app.state.database
    async with database.writing() as session:
        ended, other = [
            await interviews.invite(session, people.interviewer, name, ["batchnorm1d"], days=1)
            for name in ("Lin", "Wei")
        ]
        cookies = [await auth.admit_candidate(session, made.invitation) for made in (ended, ended, other)]
    async with database.writing() as session:
        await end(session, ended.invitation.id)
    for cookie, made in zip(cookies, (None, None, other), strict=True):
        async with browser(app, **{auth.CANDIDATE_COOKIE: cookie}) as client:
            owner = made.invitation.candidate_id if made else ended.invitation.candidate_id
            form = {"code": CODE, "action": "submit", "owner": str(owner)}
            sent = await client.post(PAGE, data=form, headers=AS_SCRIPT)
            assert sent.status_code == (200 if made else 401)
            assert (await client.get("/problems")).status_code == (200 if made else 401)
    assert await count(database, Submission) == 1
    async with browser(app) as client:
        follow = await client.post(f"/i/{ended.secret}")
        assert follow.status_code in (404, 410)


@pytest.mark.parametrize("end", [interviews.renew_link, interviews.revoke])
async def test_nobody_slips_in_while_a_link_ends(database: Database, people: People, end: End) -> None:
    async with database.writing() as session:
        made = await interviews.invite(session, people.interviewer, "Lin", ["batchnorm1d"], days=1)

    async def end_it() -> None:
        async with database.writing() as session:
            await end(session, made.invitation.id)

    async with database.writing() as session:
        found = await interviews.follow_link(session, made.secret, to_enter=True)
        ending = asyncio.create_task(end_it())
        await asyncio.wait([ending], timeout=LONG_ENOUGH_SECONDS)
        await auth.admit_candidate(session, found)
    await ending
    assert await count(database, LoginSession) == 0


async def test_whoever_waits_for_a_verdict_when_their_session_ends_is_told_so(app: FastAPI, people: People) -> None:
    database: Database = app.state.database
    async with database.writing() as session:
        made = await interviews.invite(session, people.interviewer, "Lin", ["batchnorm1d"], days=1)
        cookie = await auth.admit_candidate(session, made.invitation)
    async with browser(app, **{auth.CANDIDATE_COOKIE: cookie}) as client:
        form = {"code": CODE, "action": "submit", "owner": str(made.invitation.candidate_id)}
        sent = await client.post(PAGE, data=form)
        number = sent.headers["location"].partition("=")[2].partition("#")[0]
        waiting = asyncio.create_task(client.get(f"{PAGE}/submissions/{number}/events"))
        while not app.state.watch._waiters:  # noqa: ASYNC110 - it tells nobody when someone begins to wait
            await asyncio.sleep(0)
        async with database.writing() as session:
            await interviews.revoke(session, made.invitation.id)
            await session.execute(update(Judging).values(state=State.DONE))
        answer = await waiting
    assert "no longer signed in to your invitation" in answer.text
