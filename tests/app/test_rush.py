"""Many clicks at one moment, and a database that is held up meanwhile: nothing fails, nothing is stored twice."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from jinja2 import Template
from sqlalchemy import func, select

from app import auth, interviewers, interviews
from app.config import Settings
from app.database import Database
from app.main import create_app
from app.models import Submission
from app.pages import STAFF
from tests.app.conftest import CODE, People, Site, attempts

pytestmark = pytest.mark.anyio

PAGE = "/problems/batchnorm1d"
AS_SCRIPT = {"Accept": "text/html", "HX-Request": "true"}
CROWD = 100


@pytest.fixture
async def app(database: Database, anyio_backend: str) -> AsyncIterator[FastAPI]:
    """A started application on either database."""
    made = create_app(Settings(database_url=database.url))
    async with made.router.lifespan_context(made):
        yield made


async def enter(app: FastAPI, people: People, name: str) -> tuple[httpx2.AsyncClient, dict[str, str]]:
    """The browser of a candidate, and the form it sends."""
    database: Database = app.state.database
    async with database.writing() as session:
        new = await interviews.invite(session, people.interviewer, name, ["batchnorm1d"], days=1)
        cookie = await auth.admit_candidate(session, new.invitation)
    browser = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1:8000", cookies={auth.CANDIDATE_COOKIE: cookie}
    )
    owner = str(new.invitation.candidate_id)
    return browser, {"code": CODE, "action": "submit", "owner": owner, "once": "once"}


async def stored(app: FastAPI) -> int:
    row = await app.state.database.row(select(func.count()).select_from(Submission))
    count: int = row[0]
    return count


async def test_a_crowd_that_clicks_at_one_moment_is_stored_whole(app: FastAPI, people: People) -> None:
    crowd = [await enter(app, people, f"Person {number}") for number in range(CROWD)]
    answers = await asyncio.gather(*(browser.post(PAGE, data=form, headers=AS_SCRIPT) for browser, form in crowd))
    assert {answer.status_code for answer in answers} == {200}
    addresses = {answer.headers["hx-replace-url"] for answer in answers}
    assert len(addresses) == CROWD
    assert await stored(app) == CROWD


async def test_one_form_sent_many_times_at_once_is_one_submission(app: FastAPI, people: People) -> None:
    browser, form = await enter(app, people, "Lin")
    answers = await asyncio.gather(*(browser.post(PAGE, data=form, headers=AS_SCRIPT) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["hx-replace-url"] for answer in answers}) == 1
    assert await stored(app) == 1


async def test_one_taken_is_answered_with_its_row_and_one_sent_again_with_the_whole_history(
    app: FastAPI, people: People
) -> None:
    browser, form = await enter(app, people, "Lin")
    first = await browser.post(PAGE, data=form, headers=AS_SCRIPT)
    again = await browser.post(PAGE, data=form, headers=AS_SCRIPT)
    other = await browser.post(PAGE, data={**form, "once": "another"}, headers=AS_SCRIPT)
    assert 'hx-swap-oob="afterbegin:#history-rows"' in first.text
    assert 'hx-swap-oob="innerHTML"' in again.text
    assert [len(re.findall("<tr>", answer.text.partition("history")[2])) for answer in (first, other)] == [1, 1]


@contextlib.contextmanager
def held(database: Database) -> Iterator[None]:
    """Another process writes, and takes its time."""
    with contextlib.closing(sqlite3.connect(database.sqlite_path, isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            stranger.execute("ROLLBACK")


def test_a_database_held_up_is_said_with_when_to_come_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.inline_sqlite.LOCK_SECONDS", 0.05)
    monkeypatch.setattr("app.database.LOCK_SECONDS", 0.05)
    form = {"code": CODE, "action": "submit", "once": "once"}
    with held(site.database):
        page = site.client.post(PAGE, data=form, headers=AS_SCRIPT)
        body = {"problem": "batchnorm1d", "code": CODE}
        api = site.client.post("/api/v1/submissions", json=body, headers=site.headers())
    assert (page.status_code, api.status_code) == (503, 503)
    assert int(page.headers["retry-after"]) > 0
    assert int(api.headers["retry-after"]) > 0
    assert api.headers["content-type"] == "application/problem+json"
    assert "could not be stored just now" in page.text
    assert site.client.post(PAGE, data=form, headers=AS_SCRIPT).status_code == 200


def test_a_stranger_does_not_come_as_far_as_the_write_lock(site: Site) -> None:
    addresses = [
        re.sub(r"\{\w+\}", "1", route.path)
        for part in STAFF
        for route in part.router.routes
        if isinstance(route, APIRoute) and "POST" in (route.methods or ())
    ]
    assert len(addresses) > 5
    with held(site.database):  # whoever asked for the lock would wait for ten seconds and be told 503
        for address in addresses:
            answer = site.client.post(address, headers={"Accept": "text/html"}, follow_redirects=False)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/sign-in?return_to=%2F")


async def test_no_page_is_made_while_its_transaction_holds_the_lock(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = []
    render = Template.render

    def look_and_render(template: Template, *ready: object, **more: object) -> str:
        with held(site.database):
            free.append(template.name)
        return render(template, *ready, **more)

    database = Database(site.app.state.settings.database)
    await interviewers.create(database, "Ada", "correct horse")
    cookie = await auth.sign_in(database, "Ada", "correct horse", attempts(), hours=1)
    await database.close()
    site.client.cookies.set(auth.INTERVIEWER_COOKIE, cookie)
    monkeypatch.setattr(Template, "render", look_and_render)
    assert site.client.post("/tokens", data={"name": "ci"}).status_code == 201
    invited = site.client.post("/invitations", data={"name": "Lin", "problem": "batchnorm1d", "days": "1"})
    assert invited.status_code == 201
    sent = site.client.post(PAGE, data={"code": CODE, "once": "once"}, headers=AS_SCRIPT)
    assert sent.status_code == 200
    assert free == ["staff/tokens.html", "staff/invitations.html", "candidate/result_and_row.html"]
