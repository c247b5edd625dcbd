"""What pages count and number is what the database holds, over all rows, however many a page shows."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import interviews
from app.models import Candidate, Device, Invitation, Judging, Kind, State, Submission, now
from judge.report import Verdict
from tests.app.conftest import CODE, Desk

PROBLEM = "batchnorm1d"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.fixture
def busy(desk: Desk) -> int:
    """A candidate of 25 submissions, the first of which got 100, and then 510 runs, between those of somebody else."""

    async def make(session: AsyncSession) -> int:
        busy, other = Candidate(name="Busy"), Candidate(name="Other")
        session.add_all([busy, other])
        await session.flush()
        await _send(session, [(other.id, Kind.SUBMIT, 50.0)] * 55)
        await _send(session, [(busy.id, Kind.SUBMIT, 100.0 if n == 0 else 12.5) for n in range(25)])
        await _send(session, [(other.id, Kind.RUN, None)] * 3)
        await _send(session, [(busy.id, Kind.RUN, None)] * 510)
        return busy.id

    return desk.with_database(make)


async def _send(session: AsyncSession, sent: list[tuple[int, Kind, float | None]]) -> None:
    rows = [
        {"kind": kind, "problem": PROBLEM, "device": Device.CPU, "code": CODE, "candidate_id": who,
         "verdict": Verdict.ACCEPTED if score == 100 else Verdict.WRONG_ANSWER, "score": score,
         "sort_score": -1.0 if score is None else score, "max_score": 100.0}
        for who, kind, score in sent
    ]  # fmt: skip
    ids = (await session.scalars(insert(Submission).returning(Submission.id), rows)).all()
    await session.execute(
        insert(Judging), [{"submission_id": one, "queue": Device.CPU, "state": State.DONE} for one in ids]
    )


def _count(desk: Desk, **where: object) -> int:
    async def ask(session: AsyncSession) -> int:
        return await session.scalar(select(func.count()).select_from(Submission).filter_by(**where)) or 0

    return desk.with_database(ask)


def test_a_candidates_page_counts_all_they_sent(desk: Desk, busy: int) -> None:
    page = text_of(desk.read(f"/candidates/{busy}"))
    submitted, runs = (_count(desk, candidate_id=busy, kind=kind) for kind in (Kind.SUBMIT, Kind.RUN))
    assert (submitted, runs) == (25, 510)
    assert "best 100 of 100" in page
    assert f"{submitted} submissions · {runs} runs" in page
    assert f"All {submitted} submissions" in page


def test_a_candidates_page_numbers_submissions_as_the_candidate_does(desk: Desk, busy: int) -> None:
    page = desk.read(f"/candidates/{busy}")
    assert re.findall(r'aria-label="Submission (\d+)"', page) == [str(n) for n in range(25, 5, -1)]
    newest = re.search(r'href="/submissions/(\d+)" aria-label="Submission 25"', page)
    assert newest is not None
    assert f"No. {newest[1]} · Submission 25" in text_of(desk.read(f"/submissions/{newest[1]}"))


def test_the_table_says_how_many_there_are_not_how_many_it_shows(desk: Desk, busy: int) -> None:
    page = desk.read("/submissions")
    assert page.count('<td class="person">') == 50
    assert _count(desk, kind=Kind.SUBMIT) == 80
    assert "80 submissions" in text_of(page)
    filtered = text_of(desk.read(f"/submissions?candidate_id={busy}&problem={PROBLEM}&verdict=wrong_answer"))
    assert "24 submissions" in filtered
    next_page = re.search(r'href="(/submissions\?cursor=[^"]+)"', page)
    assert next_page is not None
    rest = desk.read(next_page[1])
    assert rest.count('<td class="person">') == 30
    assert "80 submissions" in text_of(rest)


def test_a_candidate_reads_their_own_numbers(desk: Desk, busy: int) -> None:
    async def invite(session: AsyncSession) -> str:
        made = await interviews.invite(
            session, desk.interviewer, "Busy", [PROBLEM, "batchnorm2d"], days=1, candidate_id=busy
        )
        return made.secret

    desk.client.post(f"/i/{desk.with_database(invite)}", headers={"Accept": "text/html"})
    page = desk.read(f"/problems/{PROBLEM}")
    numbers = re.findall(r">(Run|Submission) (\d+)</a>", page)
    assert numbers == [("Run", str(n)) for n in range(510, 460, -1)]
    seen = list(numbers)
    while older := re.search(r'href="(/problems/batchnorm1d\?before=\d+)#history"', page):
        page = desk.read(older[1])
        seen += re.findall(r">(Run|Submission) (\d+)</a>", page)
    runs, submitted = ("Run", 510), ("Submission", 25)
    assert seen == [(kind, str(n)) for kind, last in (runs, submitted) for n in range(last, 0, -1)]
    first = re.findall(r'href="/problems/batchnorm1d\?result=(\d+)"', page)[-1]
    assert "Submission 1 ·" in text_of(desk.read(f"/problems/{PROBLEM}?result={first}"))
    assert "100 of 100 points" in text_of(desk.read("/problems")), "the best is older than five hundred runs"
    for kind, number in (("run", "Run 1"), ("submit", "Submission 1"), ("run", "Run 2")):
        owner = f"{busy}"
        sent = desk.send("/problems/batchnorm2d", code=CODE, action=kind, owner=owner)
        assert number in text_of(desk.read(sent.headers["location"]))


def test_someone_who_waits_for_a_verdict_is_not_told_that_nothing_was_submitted(desk: Desk) -> None:
    desk.client.cookies.clear()
    desk.send(f"/problems/{PROBLEM}", code=CODE, action="submit", owner="guest")
    page = text_of(desk.read("/"))
    assert "1 submission, no points yet" in page


def test_invitations_are_counted_and_paged(desk: Desk) -> None:
    async def invite(session: AsyncSession) -> None:
        one = Candidate(name="Invited")
        session.add(one)
        await session.flush()
        await session.execute(
            insert(Invitation),
            [
                {"candidate_id": one.id, "interviewer_id": desk.interviewer.id, "link_hash": str(n), "problems": [],
                 "expires_at": now() + timedelta(days=1)}
                for n in range(120)
            ],
        )  # fmt: skip

    desk.with_database(invite)
    page = desk.read("/invitations")
    shown = []
    while True:
        assert "120 invitations" in text_of(page)
        shown += re.findall(r"/invitations/(\d+)/renew", page)
        older = re.search(r'href="(/invitations\?before=\d+)"', page)
        if older is None:
            break
        page = desk.read(older[1])
    assert shown == [str(n) for n in range(120, 0, -1)]


def test_more_namesakes_than_are_listed_are_spoken_of(desk: Desk) -> None:
    async def make(session: AsyncSession) -> None:
        session.add_all([Candidate(name=f"Wang {n:02}") for n in range(21)])

    desk.with_database(make)
    page = desk.read("/submissions?candidate=Wang")
    assert page.count("?candidate_id=") == 20
    assert "There are more; type more of the name." in page
    assert "There are more" not in desk.read("/submissions?candidate=Wang 0")
