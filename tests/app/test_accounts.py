"""The commands about interviewers and API tokens, as someone at a terminal meets them."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from app.cli import main

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
