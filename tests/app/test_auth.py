"""Who is asking: sign-in, cookies, forms from elsewhere, and the headers every page carries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from starlette.datastructures import Headers

from app import auth, interviewers, interviews
from app.config import Settings
from app.database import Database
from app.errors import Conflict, TooManyRequests, Unauthorized
from app.limits import RateLimiter
from app.middleware import comes_from_elsewhere, csp
from app.models import ApiToken, Interviewer, LoginSession, now
from tests.app.conftest import People, Site, attempts

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ada(database: Database) -> Interviewer:
    return await interviewers.create(database, "Ada L", "correct horse")


async def test_name_and_password_open_a_session(database: Database, ada: Interviewer) -> None:
    cookie = await auth.sign_in(database, "Ada L", "correct horse", attempts(), hours=1)
    opened = await auth.interviewer_of(database, cookie)
    assert opened is not None
    assert opened.id == ada.id


@pytest.mark.parametrize(("name", "password"), [("Ada L", "wrong"), ("Nobody", "correct horse"), ("", "")])
async def test_anything_else_does_not(database: Database, ada: Interviewer, name: str, password: str) -> None:
    with pytest.raises(Unauthorized):
        await auth.sign_in(database, name, password, attempts(), hours=1)


async def test_neither_password_nor_cookie_nor_token_is_stored(database: Database, ada: Interviewer) -> None:
    cookie = await auth.sign_in(database, "Ada L", "correct horse", attempts(), hours=1)
    async with database.writing() as session:
        _, token = await auth.create_token(session, "ci")
    async with database.reading() as session:
        stored = [
            *(await session.scalars(select(Interviewer.password_hash))),
            *(await session.scalars(select(LoginSession.id_hash))),
            *(await session.scalars(select(ApiToken.sha256))),
        ]
    assert not {"correct horse", cookie, token} & set(stored)
    assert stored[0].startswith("$argon2id$")


async def test_a_session_ends(database: Database, ada: Interviewer) -> None:
    cookie = await auth.sign_in(database, "Ada L", "correct horse", attempts(), hours=1)
    async with database.writing() as session:
        await session.execute(update(LoginSession).values(expires_at=now() - timedelta(seconds=1)))
    assert await auth.interviewer_of(database, cookie) is None


async def test_signing_out_ends_it_too(database: Database, ada: Interviewer) -> None:
    cookie = await auth.sign_in(database, "Ada L", "correct horse", attempts(), hours=1)
    async with database.writing() as session:
        await auth.sign_out(session, cookie)
    assert await auth.interviewer_of(database, cookie) is None


async def test_a_disabled_interviewer_cannot_sign_in(database: Database, ada: Interviewer) -> None:
    async with database.writing() as session:
        await session.execute(update(Interviewer).values(disabled_at=now()))
    with pytest.raises(Unauthorized):
        await auth.sign_in(database, "Ada L", "correct horse", attempts(), hours=1)


async def test_a_name_is_taken_once(database: Database, ada: Interviewer) -> None:
    with pytest.raises(Conflict):
        await interviewers.create(database, "Ada L", "another one")


async def test_a_candidate_may_read_for_days_after_the_invitation(database: Database, people: People) -> None:
    async with database.writing() as session:
        new = await interviews.invite(session, people.interviewer, "Lin", ["batchnorm1d"], days=1)
        cookie = await auth.admit_candidate(session, new.invitation)
        readable = new.invitation.expires_at + timedelta(days=auth.READING_DAYS)
        ends = await session.scalar(select(LoginSession.expires_at))
    assert ends is not None
    assert abs(ends - readable) < timedelta(seconds=5)
    opened = await auth.candidate_of(database, cookie)
    assert opened is not None
    assert opened.candidate.name == "Lin"
    assert opened.invitation is not None
    assert opened.invitation.problems == ["batchnorm1d"]


async def test_a_revoked_token_is_none(database: Database) -> None:
    async with database.writing() as session:
        token, secret = await auth.create_token(session, "ci")
    found = await auth.find_token(database, secret)
    assert found is not None
    assert (found.id, found.is_staff) == (token.id, False)
    async with database.writing() as session:
        await session.execute(update(ApiToken).values(revoked_at=now()))
    assert await auth.find_token(database, secret) is None


async def test_a_token_that_has_expired_is_told_so(database: Database) -> None:
    async with database.writing() as session:
        _, secret = await auth.create_token(session, "ci", days=1)
    assert await auth.find_token(database, secret) is not None
    async with database.writing() as session:
        await session.execute(update(ApiToken).values(expires_at=now()))
    with pytest.raises(Unauthorized, match="has expired"):
        await auth.find_token(database, secret)


@pytest.mark.parametrize(
    ("headers", "elsewhere"),
    [
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "cross-site", "origin": "http://handcode.test", "host": "handcode.test"}, True),
        ({"origin": "http://handcode.test", "host": "handcode.test"}, False),
        ({"origin": "http://handcode.test:81", "host": "handcode.test"}, True),
        ({"origin": "http://evil.test", "host": "handcode.test"}, True),
        ({"origin": "null", "host": "handcode.test"}, True),
        ({}, False),
    ],
)
def test_a_form_from_elsewhere_is_known(headers: dict[str, str], elsewhere: bool) -> None:
    assert comes_from_elsewhere(Headers(headers), "") is elsewhere


@pytest.mark.parametrize(
    ("origin", "elsewhere"),
    [
        ("http://handcode.test", False),
        ("http://Handcode.test:80", False),
        ("https://handcode.test", True),
        ("http://handcode.test:8000", True),
        ("http://handcode.test:99999", True),
        ("http://evil.test", True),
        ("null", True),
    ],
)
def test_behind_a_proxy_that_names_another_host_the_public_address_is_ours(origin: str, elsewhere: bool) -> None:
    headers = Headers({"origin": origin, "host": "127.0.0.1:8000"})
    assert comes_from_elsewhere(headers, "http://handcode.test/") is elsewhere


def test_a_form_from_elsewhere_is_refused(site: Site) -> None:
    answer = site.client.post("/sign-in", data={"name": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/docs", "/nowhere"])
def test_every_page_carries_its_guards(site: Site, path: str) -> None:
    answer = site.client.get(path, headers={"Accept": "text/html"})
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"


def test_each_page_has_a_nonce_of_its_own(site: Site) -> None:
    policies = {site.client.get("/docs").headers["content-security-policy"] for _ in range(3)}
    assert len(policies) == 3
    assert "'nonce-abc'" in csp("abc")


@pytest.mark.parametrize(("public_url", "name"), [("", "handcode_x"), ("https://handcode.test", "__Host-handcode_x")])
def test_cookies_are_bound_to_the_host_on_https(public_url: str, name: str) -> None:
    assert auth.cookie_name(Settings(public_url=public_url), "handcode_x") == name


def test_a_sender_gets_a_minutes_worth_and_then_an_even_refill() -> None:
    now = 0.0
    limiter = RateLimiter(lambda: now)
    for _ in range(3):
        limiter.check("submit", "one", 3)
    now = 19.0
    with pytest.raises(TooManyRequests):
        limiter.check("submit", "one", 3)
    now = 21.0
    limiter.check("submit", "one", 3)
    limiter.check("submit", "another", 3)


def test_the_limiter_forgets_who_was_not_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.limits.MAX_SENDERS", 100)
    limiter = RateLimiter()
    for number in range(1000):
        limiter.check("submit", number, 3)
    assert len(limiter._buckets) == 100
