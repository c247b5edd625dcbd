"""Interviewers' forms: nothing typed is lost, nothing is made twice, nothing ends without a question."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import forms, interviewers, interviews, submissions
from app.database import Database
from app.forms import Form
from app.models import (
    ApiToken,
    Base,
    Candidate,
    Decision,
    Invitation,
    Judging,
    KeptForm,
    LoginSession,
    Note,
    SentForm,
    State,
    now,
)
from app.queue.local import LocalQueue
from tests.app.conftest import AS_PERSON, CODE, PASSWORD, Desk, People

LONG = "half a note,\nin two lines <b>"


@pytest.fixture
def submission(desk: Desk) -> str:
    """The address of a judged submission's page."""

    async def make(session: AsyncSession) -> int:
        candidate = Candidate(name="Lin")
        session.add(candidate)
        await session.flush()
        queue = LocalQueue(desk.site.database)
        number = await session.run_sync(submissions.submit, queue, candidate, "batchnorm1d", CODE)
        await session.execute(update(Judging).values(state=State.DONE))
        return number

    return f"/submissions/{desk.with_database(make)}"


def once_of(page: str) -> str:
    found = re.search(r'name="once" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def field(page: str, name: str) -> str:
    """What stands in the text area or input of that name."""
    area = re.search(rf'<textarea[^>]* name="{name}"[^>]*>\n?([^<]*)</textarea>', page)
    found = area or re.search(rf'<input[^>]* name="{name}"[^>]*? value="([^"]*)"', page)
    assert found is not None, name
    return unescape(found[1])


def count(desk: Desk, table: type[Base]) -> int:
    async def ask(session: AsyncSession) -> int:
        return await session.scalar(select(func.count()).select_from(table)) or 0

    return desk.with_database(ask)


def end_sessions(desk: Desk) -> None:
    async def end(session: AsyncSession) -> None:
        await session.execute(update(LoginSession).values(expires_at=now() - timedelta(seconds=1)))

    desk.with_database(end)


# Nothing typed is lost -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "page", "typed"),
    [
        ("{}/notes", "{}", {"text": LONG, "reason": "half a reason"}),
        ("{}/decisions", "{}", {"text": LONG, "reason": "a reason", "outcome": "hold"}),
        ("{}/rejudge", "{}", {"text": LONG, "reason": "a reason"}),
        ("/invitations", "/invitations", {"name": "Wei", "problem": "batchnorm2d", "days": "14", "accept": "biased"}),
        ("/tokens", "/tokens", {"name": "nightly", "scope": "staff"}),
    ],
)  # fmt: skip
def test_what_was_typed_when_the_session_ended_is_there_after_signing_in(
    desk: Desk, submission: str, address: str, page: str, typed: dict[str, str]
) -> None:
    address, page = address.format(submission), page.format(submission)
    once = once_of(desk.read(page))
    end_sessions(desk)
    asked = desk.client.post(address, data={**typed, "once": once}, headers=AS_PERSON)
    assert asked.status_code == 401
    assert "What you typed is kept" in asked.text
    assert field(asked.text, "return_to") == page
    carried = {"typed": field(asked.text, "typed"), "return_to": page}
    again = desk.client.post("/sign-in", data={"name": "Ada", "password": "wrong", **carried}, headers=AS_PERSON)
    assert again.status_code == 401
    assert field(again.text, "typed") == carried["typed"]
    desk.send("/sign-in", name="Ada", password=PASSWORD, **carried)
    shown = desk.read(page)
    for name in ("text", "reason", "name"):
        if name in typed:
            assert field(shown, name) == typed[name]
    if page == "/invitations":
        assert re.findall(r'value="(\w+)" checked', shown) == ["batchnorm2d"]
        assert 'value="14" selected' in shown
        assert 'value="biased" selected' in shown
    if page == "/tokens":
        assert 'value="staff" checked' in shown
    assert [count(desk, table) for table in (Note, Decision, Invitation)] == [0, 0, 0]


def test_a_session_that_ended_with_nothing_typed_leads_to_the_sign_in_and_back(desk: Desk, submission: str) -> None:
    end_sessions(desk)
    asked = desk.send(f"{submission}/rejudge")
    assert asked.headers["location"] == f"/sign-in?return_to=%2Fsubmissions%2F{submission.rpartition('/')[2]}"


@pytest.mark.parametrize("typed", ["{", "[1]", '{"text": 5}', "\0", '{"text": ["\\u0000"]}'])
def test_what_is_carried_through_the_sign_in_is_not_trusted(desk: Desk, submission: str, typed: str) -> None:
    desk.send("/sign-in", name="Ada", password=PASSWORD, typed=typed, return_to=submission)
    assert field(desk.read(submission), "text") == ""


def test_deciding_keeps_the_half_written_note_and_a_note_keeps_the_reason(desk: Desk, submission: str) -> None:
    desk.send(f"{submission}/decisions", outcome="advance", text=LONG, reason="Explained it.")
    page = desk.read(submission)
    assert field(page, "text") == LONG
    assert field(page, "reason") == ""
    desk.send(f"{submission}/notes", text=LONG, reason="half a reason")
    page = desk.read(submission)
    assert (field(page, "text"), field(page, "reason")) == ("", "half a reason")
    desk.send(f"{submission}/rejudge", text="another", reason="half a reason")
    page = desk.read(submission)
    assert (field(page, "text"), field(page, "reason")) == ("another", "half a reason")
    assert [count(desk, table) for table in (Note, Decision)] == [1, 1]
    desk.send(f"{submission}/notes", text="another", reason="")
    assert count(desk, KeptForm) == 0, "nothing is left unsent"


def test_what_the_page_sends_while_someone_types_is_there_on_the_next_visit(desk: Desk, submission: str) -> None:
    desk.send(f"{submission}/kept", 204, text=LONG, reason="")
    assert field(desk.read(submission), "text") == LONG
    desk.send(f"{submission}/notes", text=LONG)
    desk.send(f"{submission}/kept", 204, text=LONG)  # a beacon that comes after the button
    assert field(desk.read(submission), "text") == ""


def test_another_interviewer_sees_nothing_of_it(desk: Desk, submission: str) -> None:
    desk.send(f"{submission}/kept", 204, text=LONG)
    asyncio.run(_add_interviewer(desk))
    desk.send("/sign-in", name="Bo", password=PASSWORD)
    assert field(desk.read(submission), "text") == ""


async def _add_interviewer(desk: Desk) -> None:
    database = Database(desk.site.app.state.settings.database)
    await interviewers.create(database, "Bo", PASSWORD)
    await database.close()


@pytest.mark.parametrize(
    ("form", "fields", "says"),
    [
        ("notes", {"text": " \r\n ", "reason": "half"}, "Write the note first."),
        ("notes", {"text": "x" * 10_001, "reason": "half"}, "A note has at most 10000 characters; shorten it"),
        ("decisions", {"text": "half", "reason": "x" * 10_001, "outcome": "hold"}, "A reason has at most 10000"),
        ("decisions", {"text": "half", "reason": "why", "outcome": "perhaps"}, "Decide to advance, hold or reject."),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_comes_back_with_the_page_and_what_is_wrong(
    desk: Desk, submission: str, form: str, fields: dict[str, str], says: str
) -> None:
    answer = desk.send(f"{submission}/{form}", 400, **fields)
    assert says in answer.text
    assert 'role="alert"' in answer.text
    assert 'href="/invitations"' in answer.text, "the navigation is there"
    for page in (answer.text, desk.read(submission)):
        assert field(page, "reason") == fields["reason"]
        assert field(page, "text").strip() == fields["text"].strip()
    assert [count(desk, table) for table in (Note, Decision)] == [0, 0]


def test_a_note_is_as_long_as_a_browser_counts_it(desk: Desk, submission: str) -> None:
    """A text area counts a line's end as one character and sends two."""
    desk.send(f"{submission}/notes", text="\r\n".join(["x"] * 5_000))
    assert count(desk, Note) == 1


# Nothing is made twice -----------------------------------------------------------------------------------------------


def test_a_link_page_loaded_again_shows_the_same_link_and_makes_nobody_new(desk: Desk) -> None:
    fields = {"name": "Lin", "problem": "batchnorm1d", "once": once_of(desk.read("/invitations"))}
    first, again = (desk.send("/invitations", 201, **fields).text for _ in range(2))
    link = re.search(r'value="[^"]*(/i/[\w-]+)"', first)
    assert link is not None
    assert link[1] in again
    assert [count(desk, table) for table in (Candidate, Invitation)] == [1, 1]
    assert "Welcome, Lin" in desk.read(link[1])
    other = desk.send("/invitations", 201, **{**fields, "name": "Wei"}).text
    assert link[1] not in other
    assert count(desk, Candidate) == 2, "the browser went back and somebody else was typed in"


def test_the_database_holds_nothing_a_link_could_be_made_of(desk: Desk) -> None:
    once = once_of(desk.read("/invitations"))
    page = desk.send("/invitations", 201, name="Lin", problem="batchnorm1d", once=once).text
    link = re.search(r"/i/([\w-]+)", page)
    assert link is not None

    async def everything(session: AsyncSession) -> str:
        rows = [await session.execute(table.select()) for table in Base.metadata.sorted_tables]
        return repr([row.all() for row in rows])

    stored = desk.with_database(everything)
    assert "Lin" in stored
    assert once not in stored
    assert link[1] not in stored


def test_a_renewed_link_loaded_again_is_the_same_and_a_replaced_one_says_so(desk: Desk) -> None:
    desk.send("/invitations", 201, name="Lin", problem="batchnorm1d")
    once = once_of(desk.read("/invitations/1/renew"))
    renewed = [desk.send("/invitations/1/renew", 201, once=once).text for _ in range(2)]
    links = {link for page in renewed for link in re.findall(r"/i/[\w-]+", page)}
    assert len(links) == 1
    desk.send("/invitations/1/renew", 201, once=once_of(desk.read("/invitations/1/renew")))
    late = desk.send("/invitations/1/renew", 201, once=once).text
    assert "a newer link has replaced it since" in late
    assert not re.findall(r"/i/[\w-]+", late)
    replaced = desk.read(links.pop(), status=410)
    assert "A newer link has replaced this one" in replaced
    assert "Ada, who invited you, has made a new link for you." in replaced


def test_a_link_that_leads_nowhere_says_why_and_whom_to_ask(desk: Desk) -> None:
    made = desk.send("/invitations", 201, name="Lin", problem="batchnorm1d").text
    first = re.findall(r"/i/[\w-]+", made)[0]
    renewed = desk.send("/invitations/1/renew", 201, once=once_of(desk.read("/invitations/1/renew"))).text
    second = re.findall(r"/i/[\w-]+", renewed)[0]
    assert "has replaced this one" in desk.read(first, status=410)
    assert "Start" in desk.read(second)
    desk.send("/invitations/1/revoke", once=once_of(desk.read("/invitations/1/revoke")))
    for link in (first, second):
        assert "Ada, who invited you, has withdrawn it." in desk.read(link, status=410)
    assert "A letter may have been lost" in desk.read(f"{second}x", status=404)


def test_a_token_page_loaded_again_shows_the_same_token(desk: Desk) -> None:
    before = count(desk, ApiToken)
    fields = {"name": "nightly", "scope": "submit", "once": once_of(desk.read("/tokens"))}
    tokens = {
        token for _ in range(2) for token in re.findall(r"hc_[\w-]{43}", desk.send("/tokens", 201, **fields).text)
    }
    assert len(tokens) == 1
    assert count(desk, ApiToken) == before + 1
    headers = {"Authorization": f"Bearer {tokens.pop()}"}
    assert desk.client.get("/api/v1/problems", headers=headers).status_code == 200


def test_two_presses_of_a_button_write_one_note_one_decision_and_one_judging(desk: Desk, submission: str) -> None:
    once = once_of(desk.read(submission))
    for _ in range(2):
        desk.send(f"{submission}/notes", text="once", once=once)
        desk.send(f"{submission}/decisions", outcome="hold", once=once)
        desk.send(f"{submission}/rejudge", once=once)

        async def judge(session: AsyncSession) -> None:
            await session.execute(update(Judging).values(state=State.DONE))

        desk.with_database(judge)
    assert [count(desk, table) for table in (Note, Decision, Judging)] == [1, 1, 2]
    desk.send(f"{submission}/notes", text="once", once=once_of(desk.read(submission)))
    assert count(desk, Note) == 2, "said again on a new page"


@pytest.mark.anyio
async def test_two_presses_at_once_make_one_thing(database: Database, people: People) -> None:
    form = Form("a" * 64, b"secret")

    async def press() -> int:
        async with database.writing() as session:

            async def make() -> int:
                return (
                    await interviews.invite(session, people.interviewer, "Lin", ["batchnorm1d"], days=1)
                ).invitation.id

            return await form.once(session, make)

    assert len(set(await asyncio.gather(*(press() for _ in range(6))))) == 1
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Invitation)) == 1


def test_a_form_of_thirty_days_is_forgotten_at_a_sign_in(desk: Desk) -> None:
    desk.send("/tokens", 201, name="nightly", once=forms.once())

    async def age(session: AsyncSession) -> None:
        await session.execute(update(SentForm).values(created_at=now() - timedelta(days=31)))

    desk.with_database(age)
    desk.send("/sign-in", name="Ada", password=PASSWORD)
    assert count(desk, SentForm) == 0


# Nothing ends without a question -------------------------------------------------------------------------------------


def test_every_button_that_ends_something_asks_on_a_page_of_its_own(desk: Desk) -> None:
    desk.send("/invitations", 201, name="Lin", problem="batchnorm1d")
    desk.send("/tokens", 201, name="nightly")
    for page in ("/invitations", "/candidates/1", "/tokens"):
        shown = desk.read(page)
        assert not re.findall(r'<form[^>]*action="[^"]*/(?:revoke|renew)"', shown)
    for address, says in (
        ("/invitations/1/renew", "This cannot be undone"),
        ("/invitations/1/revoke", "You can open it again later"),
        ("/tokens/1/revoke", "This cannot be undone"),
    ):
        asked = desk.read(address)
        assert says in asked
        assert f'method="post" action="{address}"' in asked


def test_a_withdrawal_leads_back_and_can_be_taken_back(desk: Desk) -> None:
    page = desk.send("/invitations", 201, name="Lin", problem="batchnorm1d").text
    link = re.search(r"/i/[\w-]+", page)
    assert link is not None
    there = "/candidates/1"
    assert f'href="/invitations/1/revoke?back={there}"' in desk.read(there)
    assert f'name="back" value="{there}"' in desk.read(f"/invitations/1/revoke?back={there}")
    assert desk.send("/invitations/1/revoke", back=there).headers["location"] == there
    desk.read(link[0], status=410)
    assert 'action="/invitations/1/reopen"' in desk.read(there)
    assert desk.send("/invitations/1/reopen", back=there).headers["location"] == there
    assert "Welcome, Lin" in desk.read(link[0])
    assert desk.send("/invitations/1/revoke", back="https://elsewhere.example/").headers["location"] == "/"


def test_an_ended_invitation_gets_no_new_link(desk: Desk) -> None:
    desk.send("/invitations", 201, name="Lin", problem="batchnorm1d")

    async def end(session: AsyncSession) -> None:
        await session.execute(update(Invitation).values(expires_at=now() - timedelta(seconds=1)))

    desk.with_database(end)
    answer = desk.send("/invitations/1/renew", 409)
    assert "This invitation has ended; invite the candidate again." in answer.text
    assert "/i/" not in answer.text


# Names ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/invitations", "/tokens"])
@pytest.mark.parametrize(
    "name", ["علی\u200cرضا", "क्\u200dष", "👩\u200d🔬 Ada", "O’Neil-\u00ad\u200fLevi", "李  雷", "ﷺ", "\u3000名\u3000"]
)
def test_a_name_in_any_script_is_taken(desk: Desk, address: str, name: str) -> None:
    page = desk.send(address, 201, name=name, problem="batchnorm1d").text
    assert 'role="alert"' not in page

    async def stored(session: AsyncSession) -> str | None:
        table = Candidate if address == "/invitations" else ApiToken
        return await session.scalar(select(table.name).order_by(table.id.desc()).limit(1))

    assert desk.with_database(stored) == " ".join(name.split())


@pytest.mark.parametrize(
    ("name", "person", "token"),
    [
        ("", "Write the candidate&#39;s name.", "Write a name for the token."),
        (" \u200c\u200b ", "Write the candidate&#39;s name.", "Write a name for the token."),
        ("x" * 201, "A candidate&#39;s name has at most 200", "A token&#39;s name has at most 100"),
        ("Ada\x07", *["The name holds a control character; type it anew."] * 2),
        ("Ada\x00", *["The name holds a control character; type it anew."] * 2),
    ],
)  # fmt: skip
def test_what_is_no_name_is_said_truly(desk: Desk, name: str, person: str, token: str) -> None:
    for address, says in (("/invitations", person), ("/tokens", token)):
        assert says in desk.send(address, 400, name=name, problem="batchnorm1d").text
