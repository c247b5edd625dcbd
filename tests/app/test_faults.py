"""Start and command faults: whatever stands in the way is one sentence that says what to do, and never a traceback."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from app.cli import main
from app.config import OF_THE_COMPOSE_FILE, PREFIX, Settings
from tests.app.conftest import Postgres

ROOT = Path(__file__).parent.parent.parent
Fails = Callable[..., str]


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fails:
    """Runs a command with settings, and gives the one sentence on stderr with which it has to fail."""
    monkeypatch.setattr("app.cli.start_logging", lambda *_: None)  # pytest's own stays as it is

    def run(*command: str, status: int = 1, **settings: str) -> str:
        for name, value in settings.items():
            monkeypatch.setenv(PREFIX + name.upper(), value)
        assert main(command) == status
        said = capsys.readouterr()
        assert said.out == ""
        [sentence] = said.err.splitlines()
        return sentence

    return run


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SLOTZ", "2", "HANDCODE_SLOTZ is no setting of this version; did you mean HANDCODE_SLOTS?"),
        ("XYZ", "2", "HANDCODE_XYZ is no setting of this version; the README lists them all."),
        (
            "LOG_LEVEL",
            "LOUD",
            "HANDCODE_LOG_LEVEL=LOUD cannot work: it has to be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'",
        ),
        ("LOG_FORMAT", "xml", "HANDCODE_LOG_FORMAT=xml cannot work: it has to be 'text' or 'json'"),
        ("PUBLIC_URL", "ftp://x", "HANDCODE_PUBLIC_URL=ftp://x cannot work: it has to be the address of a site"),
        ("PUBLIC_URL", "https://x/handcode", "it has to be the address of a site"),
        ("PUBLIC_URL", "https://x:port", "HANDCODE_PUBLIC_URL=https://x:port cannot work"),
        ("SLOTS", "many", "HANDCODE_SLOTS=many cannot work: it has to be a valid integer"),
        ("PORT", "99999", "HANDCODE_PORT=99999 cannot work: it has to be less than or equal to 65535"),
        ("QUEUES", "cpu,cuda", "HANDCODE_QUEUES=cpu,cuda cannot work: it has to be 'cpu' or 'cuda'"),
        ("PRACTICE", "maybe", "HANDCODE_PRACTICE=maybe cannot work: it has to be a valid boolean"),
        ("DATABASE_URL", "mysql://me:secret@x/y", "HANDCODE_DATABASE_URL: it has to begin with postgresql+psycopg://"),
    ],
)
def test_a_setting_that_cannot_work_stops_the_start(fails: Fails, name: str, value: str, sentence: str) -> None:
    said = fails("web", status=2, **{name: value})
    assert sentence in said
    assert "secret" not in said


def test_a_log_level_may_be_written_in_any_case() -> None:
    assert Settings(log_level="debug").log_level == "DEBUG"  # type: ignore[arg-type]


def test_what_only_the_compose_file_reads_is_no_fault() -> None:
    compose = (ROOT / "docker-compose.yml").read_text("utf-8")
    read = set(re.findall(rf"\$\{{{PREFIX}([A-Z_]+)", compose))
    passed_on = {name.removeprefix(PREFIX) for name in yaml.safe_load(compose)["x-handcode"]["environment"]}
    assert read - passed_on - {name.upper() for name in Settings.model_fields} <= OF_THE_COMPOSE_FILE <= read


COMMANDS = [("migrate",), ("web",), ("worker",), ("create-token", "ci"), ("seed", "3")]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_damaged_database_is_one_sentence(fails: Fails, command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "handcode.db").write_bytes(b"no database at all, only words " * 500)
    assert re.search("handcode.db is damaged.*Put a backup in its place", fails(*command, data=str(tmp_path)))


@pytest.mark.parametrize("command", COMMANDS[1:], ids=lambda command: command[0])
def test_an_empty_database_is_one_sentence_and_stays_unmade(
    fails: Fails, command: tuple[str, ...], tmp_path: Path
) -> None:
    assert "holds no tables yet" in fails(*command, data=str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_damaged_page_inside_is_found_before_anything_is_changed(fails: Fails, sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [size] = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    content = bytearray(path.read_bytes())
    content[2 * size : 12 * size] = os.urandom(10 * size)
    path.write_bytes(content)
    assert "is damaged" in fails("migrate", database_url=sqlite_url)


def test_a_folder_that_is_no_folder_is_one_sentence(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "set HANDCODE_DATA to another" in fails("migrate", data=str(tmp_path / "file"))


def test_a_folder_of_somebody_else_is_left_as_it_is(fails: Fails, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "letters").touch()
    assert "holds other things than ours" in fails("migrate", data=str(tmp_path))
    assert tmp_path.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://postgres:secret@127.0.0.1:1/handcode", "postgresql+psycopg:///x?host=/nowhere"]
)
def test_a_database_that_does_not_answer_is_one_sentence(fails: Fails, url: str) -> None:
    said = fails("web", database_url=url)
    assert "Look whether PostgreSQL runs there" in said
    assert "secret" not in said


def test_a_database_that_gives_no_rights_is_one_sentence(fails: Fails, postgres: Postgres) -> None:
    postgres.execute("DROP DATABASE IF EXISTS locked")
    postgres.execute("DROP ROLE IF EXISTS guest")
    postgres.execute("CREATE ROLE guest LOGIN")
    postgres.execute("CREATE DATABASE locked")
    url = postgres.url("locked").replace("postgres@", "guest@")
    assert "permission denied" in fails("migrate", database_url=url)
