"""Who counts as one sender: addresses only from declared proxies, and wrong passwords only where they come from."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from app import interviewers, passwords
from app.cli import believing
from app.config import Settings
from app.database import Database
from app.errors import TooManyRequests
from app.limits import Attempts, RateLimiter, address_of
from app.main import create_app
from app.pages.workspace import GUESTS_PER_MINUTE
from tests.app.conftest import AS_PERSON, CODE, PASSWORD

PROXY, STRANGER = "10.0.0.5", "198.51.100.9"


@contextmanager
def reached_from(settings: Settings, address: str) -> Iterator[TestClient]:
    """The application behind what uvicorn puts around it, asked by a peer of that address while no time passes."""
    app = create_app(settings)
    app.state.limiter = RateLimiter(lambda: 0.0)
    config = uvicorn.Config(app, log_config=None, **believing(settings))
    config.load()
    with TestClient(config.loaded_app, base_url="http://127.0.0.1:8000", client=(address, 50000)) as client:
        yield client


def sign_in(client: TestClient, name: str, password: str, **headers: str) -> int:
    form = {"name": name, "password": password}
    answer = client.post("/sign-in", data=form, headers={**AS_PERSON, **headers}, follow_redirects=False)
    return answer.status_code


def practise(client: TestClient, **headers: str) -> int:
    client.cookies.clear()
    answer = client.post("/problems/batchnorm1d", data={"code": CODE}, headers=headers, follow_redirects=False)
    return answer.status_code


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With an interviewer in the database."""

    async def make() -> None:
        database = Database(settings.database)
        await interviewers.create(database, "Ada", PASSWORD)
        await database.close()

    asyncio.run(make())
    return settings


@pytest.mark.parametrize(
    ("peer", "proxies", "header"),
    [
        (STRANGER, "", "192.0.2.{}"),
        (STRANGER, PROXY, "192.0.2.{}"),
        (STRANGER, PROXY, f"192.0.2.{{}}, {PROXY}"),
        (PROXY, PROXY, f"192.0.2.{{}}, {STRANGER}"),
        (PROXY, "10.0.0.0/8", f"192.0.2.{{}}, {STRANGER}, 10.9.9.9"),
        (f"::ffff:{PROXY}", "10.0.0.0/8", f"192.0.2.{{}}, {STRANGER}"),
    ],
)
def test_a_made_up_address_changes_nothing(settings: Settings, peer: str, proxies: str, header: str) -> None:
    behind = settings.model_copy(update={"trusted_proxies": proxies, "public_url": "http://handcode.test"})
    with reached_from(behind, peer) as client:
        tried = [sign_in(client, f"name {n}", "wrong", **{"X-Forwarded-For": header.format(n)}) for n in range(14)]
        assert tried == [401] * 10 + [429] * 4
        guests = [practise(client, **{"X-Forwarded-For": header.format(n)}) for n in range(30)]
        assert guests == [303] * GUESTS_PER_MINUTE + [429] * (30 - GUESTS_PER_MINUTE)


def test_whoever_a_declared_proxy_tells_apart_is_counted_apart(settings: Settings) -> None:
    with reached_from(settings.model_copy(update={"trusted_proxies": PROXY}), PROXY) as client:
        guests = [practise(client, **{"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(30)]
    assert guests == [303] * 30


def test_guessing_locks_out_nobody_elsewhere_and_right_passwords_are_not_counted(settings: Settings) -> None:
    with reached_from(settings.model_copy(update={"trusted_proxies": PROXY}), PROXY) as client:
        guessed = [sign_in(client, "Ada", "wrong", **{"X-Forwarded-For": STRANGER}) for _ in range(20)]
        assert guessed == [401] * 5 + [429] * 15
        assert sign_in(client, "Ada", PASSWORD, **{"X-Forwarded-For": STRANGER}) == 429, "no guess is free"
        assert [sign_in(client, "Ada", PASSWORD, **{"X-Forwarded-For": "192.0.2.1"}) for _ in range(12)] == [303] * 12
        # From the guesser's own address others still have the other half.
        assert sign_in(client, "Bo", "wrong", **{"X-Forwarded-For": STRANGER}) == 401


def test_the_current_password_is_guessed_no_more_often(settings: Settings) -> None:
    with reached_from(settings, STRANGER) as client:
        sign_in(client, "Ada", PASSWORD)
        form = {"password": "wrong", "password_new": "nine letters", "password_again": "nine letters"}
        answers = [client.post("/interviewers/password", data=form, headers=AS_PERSON) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [400] * 5 + [429]
    assert "One moment, please" in answers[-1].text


class Counting(PasswordHasher):
    """The real hasher, and how many are at work in it."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._now = self.most = self.times = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002 - argon2's own name
        with self._lock:
            self._now += 1
            self.times += 1
            self.most = max(self.most, self._now)
        try:
            return super().verify(hash, password)
        finally:
            with self._lock:
                self._now -= 1


@pytest.fixture
def hasher(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting()
    monkeypatch.setattr(passwords, "_hasher", counting)
    return counting


@pytest.mark.anyio
async def test_two_passwords_are_hashed_at_a_time_and_the_loop_goes_on(
    settings: Settings, hasher: Counting, anyio_backend: str
) -> None:
    app: FastAPI = create_app(settings.model_copy(update={"logins_per_minute": 100}))
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1:8000") as client,
    ):
        ticking = asyncio.create_task(tick())
        form = {"name": "Ada", "password": PASSWORD}
        answers = await asyncio.gather(*(client.post("/sign-in", data=form) for _ in range(12)))
        ticking.cancel()
    assert {answer.status_code for answer in answers} == {303}
    assert hasher.times == 12
    assert hasher.most == passwords.HASHES_AT_ONCE
    assert ticks > 100


@pytest.mark.anyio
async def test_a_hundred_guesses_at_one_moment_are_no_more_than_a_minutes(hasher: Counting, anyio_backend: str) -> None:
    limiter = RateLimiter(lambda: 0.0)
    known = await passwords.hash_password(PASSWORD)
    guesses = (
        passwords.password_matches(known, f"wrong {n}", Attempts(limiter, STRANGER, "Ada", 4)) for n in range(100)
    )
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    assert outcomes.count(False) == hasher.times <= 3, "half of four for one name, and one that was begun"
    assert sum(isinstance(outcome, TooManyRequests) for outcome in outcomes) == 100 - hasher.times


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_network_of_addresses_that_one_sender_has_is_one(host: str, counted: str) -> None:
    assert address_of(HTTPConnection({"type": "http", "client": (host, 1), "headers": []})) == counted


@pytest.mark.parametrize("wrong", ["*", "10.0.0.1/8", "proxy.example.org", "0.0.0.0/0", "::/0", "127.0.0.1;10.0.0.1"])
def test_a_list_of_proxies_that_cannot_be_meant_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError, match=r"it has to be addresses or networks|it would believe everyone"):
        Settings(trusted_proxies=wrong)
