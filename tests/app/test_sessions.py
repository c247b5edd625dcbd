"""Whose session ends when, and that nobody acts with one that has ended."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import auth, interviewers, interviews, passwords
from app.config import Settings
from app.database import Database
from app.errors import Conflict, Disabled, Unauthorized
from app.limits import Attempts
from app.main import create_app
from app.models import ApiToken, Base, Interviewer, Judging, LoginSession, State, Submission
from tests.app.conftest import AS_PERSON, CODE, PASSWORD, Desk, People, Site, attempts

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


async def count(database: Database, table: type[Base]) -> int:
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


# Interviewers ---------------------------------------------------------------------------------------------------------

NEW = "nine letters and more"


def once_of(page: str) -> str:
    found = re.search(r'name="once" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def sign_in(desk: Desk, name: str = "Ada", password: str = PASSWORD) -> str:
    """The cookie of one more browser."""
    cookie = desk.with_another_opened(lambda database: auth.sign_in(database, name, password, attempts(), hours=1))
    return cookie


def is_open(desk: Desk, cookie: str) -> bool:
    return desk.with_another_opened(lambda database: auth.interviewer_of(database, cookie)) is not None


def add(desk: Desk, name: str) -> Interviewer:
    return desk.with_another_opened(lambda database: interviewers.create(database, name, PASSWORD))


async def test_a_form_that_waited_while_its_sender_was_disabled_makes_nothing(app: FastAPI) -> None:
    database: Database = app.state.database
    for name in ("Ada", "Bo"):
        made = await interviewers.create(database, name, PASSWORD)
    cookie = await auth.sign_in(database, "Bo", PASSWORD, attempts(), hours=1)
    async with browser(app, **{auth.INTERVIEWER_COOKIE: cookie}) as client:
        async with database.writing() as session:
            await interviewers.disable(session, made.id)
            sending = asyncio.create_task(client.post("/tokens", data={"name": "half a name"}))
            await asyncio.wait([sending], timeout=LONG_ENOUGH_SECONDS)
            assert not sending.done(), "it found its session and waits for its turn"
        answer = await sending
    assert answer.status_code == 401
    assert "half a name" in answer.text
    assert await count(database, ApiToken) == 0


async def test_a_new_password_stops_a_sign_in_with_the_old_one_halfway(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await interviewers.create(database, "Ada", PASSWORD)

    async def matches_and_is_replaced(password_hash: str | None, password: str, attempts: Attempts) -> bool:
        async with database.writing() as session:
            await interviewers.set_password(session, ada.id, "another hash")
        return await passwords.password_matches(password_hash, password, attempts)

    monkeypatch.setattr("app.auth.password_matches", matches_and_is_replaced)
    with pytest.raises(Unauthorized):
        await auth.sign_in(database, "Ada", PASSWORD, attempts(), hours=1)
    assert await count(database, LoginSession) == 0


def test_a_new_password_ends_the_other_sessions(desk: Desk) -> None:
    other = sign_in(desk)
    form = {
        "once": once_of(desk.read("/interviewers")), "password": PASSWORD, "password_new": NEW, "password_again": NEW,
    }  # fmt: skip
    for _ in range(2):
        assert "Your password is changed" in desk.send("/interviewers/password", 200, **form).text
    assert not is_open(desk, other)
    assert "You are signed in nowhere else." in desk.read("/interviewers")
    with pytest.raises(Unauthorized):
        sign_in(desk)
    sign_in(desk, password=NEW)


@pytest.mark.parametrize(
    ("password", "new", "again", "said"),
    [
        ("wrong", NEW, NEW, "The current password is wrong."),
        (PASSWORD, NEW, f"{NEW}.", "The new password and its repetition differ."),
        (PASSWORD, "short", "short", "A password has at least 8 characters."),
        (PASSWORD, "a" * 1001, "a" * 1001, "A password has at most 1000 characters."),
        ("wrong", "\0" * 8, "\0" * 8, "The current password is wrong."),
    ],
)
def test_a_password_that_cannot_be_changed_stays_and_is_told_why(
    desk: Desk, password: str, new: str, again: str, said: str
) -> None:
    other = sign_in(desk)
    form = {"password": password, "password_new": new, "password_again": again}
    page = desk.send("/interviewers/password", 400, once=once_of(desk.read("/interviewers")), **form).text
    assert said in page
    assert is_open(desk, other)
    sign_in(desk)


def test_a_password_is_never_carried_to_the_sign_in(desk: Desk) -> None:
    form = {"password": PASSWORD, "password_new": NEW, "password_again": NEW}
    desk.send("/sign-out")
    answer = desk.send("/interviewers/password", 303, once="A" * 32, **form)
    assert answer.headers["location"] == "/sign-in?return_to=%2Finterviewers"


def test_an_interviewer_ends_their_other_sessions(desk: Desk) -> None:
    others = [sign_in(desk) for _ in range(2)]
    assert "Sessions in other browsers: 2," in desk.read("/interviewers")
    for _ in range(2):
        desk.send("/interviewers/end-others")
    assert not any(is_open(desk, other) for other in others)
    assert "You are signed in nowhere else." in desk.read("/interviewers")


def test_a_disabled_interviewer_is_signed_out_until_enabled(desk: Desk) -> None:
    bo = add(desk, "Bo")
    cookie = sign_in(desk, "Bo")
    assert "any interviewer can enable them again" in desk.read(f"/interviewers/{bo.id}/disable")
    for _ in range(2):
        desk.send(f"/interviewers/{bo.id}/disable")
    assert not is_open(desk, cookie)
    with pytest.raises(Disabled):
        sign_in(desk, "Bo")
    with pytest.raises(Unauthorized):
        sign_in(desk, "Bo", "wrong")
    for _ in range(2):
        desk.send(f"/interviewers/{bo.id}/enable")
    sign_in(desk, "Bo")
    assert not is_open(desk, cookie), "a session that has ended stays ended"


def test_the_last_one_who_can_sign_in_is_not_disabled(desk: Desk) -> None:
    bo = add(desk, "Bo")
    desk.send(f"/interviewers/{bo.id}/disable")
    address = f"/interviewers/{desk.interviewer.id}/disable"
    assert f'href="{address}"' not in desk.read("/interviewers")
    for answer in (desk.read(address, status=409), desk.send(address, 409).text):
        assert "Nobody else can sign in; enable or add another interviewer first." in answer
    sign_in(desk)


def test_whoever_disables_themselves_is_told_so_first(desk: Desk) -> None:
    add(desk, "Bo")
    address = f"/interviewers/{desk.interviewer.id}/disable"
    assert "This is you: you are signed out everywhere now" in desk.read(address)
    desk.send(address)
    answer = desk.client.post("/sign-in", data={"name": "Ada", "password": PASSWORD}, headers=AS_PERSON)
    assert answer.status_code == 401
    assert "This account is disabled. Ask another interviewer to enable it again." in answer.text


async def test_two_who_disable_each_other_at_one_moment_leave_one(database: Database) -> None:
    ada, bo = [await interviewers.create(database, name, PASSWORD) for name in ("Ada", "Bo")]

    async def disable_ada() -> None:
        async with database.writing() as session:
            await interviewers.disable(session, ada.id)

    async with database.writing() as session:
        await interviewers.disable(session, bo.id)
        other = asyncio.create_task(disable_ada())
        await asyncio.wait([other], timeout=LONG_ENOUGH_SECONDS)
    with pytest.raises(Conflict):
        await other


# Candidates -----------------------------------------------------------------------------------------------------------


async def test_a_candidate_signs_out_here_or_everywhere_else(app: FastAPI, people: People) -> None:
    database: Database = app.state.database
    async with database.writing() as session:
        made = await interviews.invite(session, people.interviewer, "Lin", ["batchnorm1d"], days=1)
        here, there, further = [await auth.admit_candidate(session, made.invitation) for _ in range(3)]
    async with browser(app, **{auth.CANDIDATE_COOKIE: here}) as client:
        assert "Sessions in other browsers: 2." in (await client.get("/leave")).text
        for _ in range(2):
            assert (await client.post("/leave/others")).status_code == 303
        assert "You are signed in nowhere else." in (await client.get("/leave")).text
        assert await count(database, LoginSession) == 1
        for _ in range(2):
            assert (await client.post("/leave")).headers["location"] == "/"
        assert (await client.get("/leave")).status_code == 401
    for cookie in (here, there, further):
        assert await auth.candidate_of(database, cookie) is None
    async with browser(app) as client:
        again = await client.post(f"/i/{made.secret}")
        assert again.status_code == 303, "the link is still open"


def test_a_guest_is_told_that_there_is_no_way_back(site: Site) -> None:
    site.client.post(PAGE, data={"code": CODE, "once": "once"}, headers=AS_PERSON)
    assert 'href="/leave"' in site.client.get("/", headers=AS_PERSON).text
    page = site.client.get("/leave", headers=AS_PERSON).text
    assert "nobody can come back to what you submitted, not even you" in page
    assert "Other browsers" not in page
