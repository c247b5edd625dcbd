"""The commands about interviewers and API tokens, as someone at a terminal meets them."""

from __future__ import annotations

import io
import re
import sqlite3
from collections.abc import Callable

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from app.cli import main
from app.database import Database

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs one: its status, what it says and what it complains of."""
    monkeypatch.setenv("HANDCODE_DATABASE_URL", database_url)
    monkeypatch.setattr("app.cli.start_logging", lambda *_: None)  # pytest's own stays as it is

    def run(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
        status = main(arguments)
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_interviewers_are_made_disabled_enabled_and_listed(command: Command) -> None:
    for name in ("Ada", "Bo"):
        assert command("create-interviewer", name, typed="eight letters") == (0, "", "")
    assert command("list-interviewers") == (0, "Ada\tmay sign in\nBo\tmay sign in\n", "")
    for _ in range(2):
        assert command("disable-interviewer", "Bo") == (0, "", "")
    assert command("list-interviewers")[1].splitlines()[1].startswith("Bo\tdisabled 20")
    last = "Nobody else can sign in; enable or add another interviewer first.\n"
    assert command("disable-interviewer", "Ada") == (1, "", last)
    assert command("enable-interviewer", "Bo") == (0, "", "")
    assert command("change-password", "Bo", typed="nine letters") == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "typed", "complaint"),
    [
        (("create-interviewer", "Ada"), "eight letters", "There is already an interviewer named Ada."),
        (("create-interviewer", "Bo"), "short", "A password has at least 8 characters."),
        (("create-interviewer", "Bo"), "a" * 1001, "A password has at most 1000 characters."),
        (("create-interviewer", " "), "eight letters", "An interviewer's name has 1 to 100 characters"),
        (("create-interviewer", "a" * 101), "eight letters", "An interviewer's name has 1 to 100 characters"),
        (("create-interviewer", "a\x1b"), "eight letters", "An interviewer's name has 1 to 100 characters"),
        (("change-password", "Ada"), "short", "A password has at least 8 characters."),
        (("change-password", "Bo"), "eight letters", "There is no interviewer named Bo."),
        (("disable-interviewer", "Bo"), "", "There is no interviewer named Bo."),
        (("enable-interviewer", "Bo"), "", "There is no interviewer named Bo."),
    ],
)
def test_what_an_account_cannot_be_is_a_sentence(
    command: Command, arguments: tuple[str, ...], typed: str, complaint: str
) -> None:
    command("create-interviewer", "Ada", typed="eight letters")
    status, said, complained = command(*arguments, typed=typed)
    assert (status, said, len(complained.splitlines())) == (1, "", 1)
    assert complained.startswith(complaint)


def test_tokens_are_made_listed_and_revoked(command: Command) -> None:
    status, said, complained = command("create-token", " night  ly ", "--days", "30")
    assert (status, said[:3], complained) == (0, "hc_", "")
    command("create-token", "everything", "--staff")
    assert command("create-token", "gone", "--days", "1")[0] == 0
    for _ in range(2):
        assert command("revoke-token", "3") == (0, "", "")
    gone, everything, nightly = command("list-tokens")[1].splitlines()
    assert re.fullmatch(r"1\tnight ly\thc_\S{7}…\tsubmit\tuntil \d{4}-\d\d-\d\d", nightly)
    assert re.fullmatch(r"2\teverything\thc_\S{7}…\tsubmit staff\tuntil revoked", everything)
    assert re.fullmatch(r"3\tgone\thc_\S{7}…\tsubmit\trevoked \d{4}-\d\d-\d\d", gone)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("create-token", ""), "Write a name for the token."),
        (("create-token", "\u200b "), "Write a name for the token."),
        (("create-token", "a" * 101), "A token's name has at most 100 characters."),
        (("create-token", "a\x1bb"), "The name holds a control character; type it anew."),
        (("create-token", "ci", "--days", "0"), "A token lasts 1 to 3650 days, or until it is revoked."),
        (("create-token", "ci", "--days", str(10**30)), "A token lasts 1 to 3650 days, or until it is revoked."),
        (("revoke-token", "7"), "There is no such token."),
    ],
)
def test_what_a_token_cannot_be_is_a_sentence(command: Command, arguments: tuple[str, ...], complaint: str) -> None:
    assert command(*arguments) == (1, "", f"{complaint}\n")
    assert command("list-tokens") == (0, "", "")


@pytest.mark.parametrize("number", ["0", "-1", "x", str(2**31), "9" * 5000])
def test_no_number_of_a_token_breaks_the_command(command: Command, number: str) -> None:
    with pytest.raises(SystemExit) as ended:
        command("revoke-token", number)
    assert ended.value.code == 2


def test_a_database_that_may_only_be_read_is_a_sentence_without_a_hash(
    sqlite_url: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    opened = Database._sqlite_engine

    def open_to_read(self: Database, pool_size: int) -> AsyncEngine:
        engine = opened(self, pool_size)
        event.listen(engine.sync_engine, "connect", forbid)
        return engine

    monkeypatch.setenv("HANDCODE_DATABASE_URL", sqlite_url)
    monkeypatch.setattr(Database, "_sqlite_engine", open_to_read)
    status, said, complained = command("create-token", "ci")
    assert (status, said) == (1, "")
    assert "may only be read." in complained
    assert len(complained.splitlines()) == 1
    assert not re.search("[0-9a-f]{20}", complained)
