"""Every page and every report in Chinese: no English sentence is left outside code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy.ext.asyncio import AsyncSession

from app import auth, interviews, submissions
from app.models import Interviewer, Judging, Kind, State, Submission, now
from app.models import Report as StoredReport
from app.pages import languages
from app.pages.results import result_of
from app.pages.shell import environment
from app.queue.local import LocalQueue
from judge import exam as exams
from judge.engine import Judge
from judge.problem import Problem, load_all
from judge.proof.specimens import Specimen, specimens
from judge.raising import KINDS, raised
from judge.report import CandidateError, CheckStatus, Report, Verdict
from judge.starting import start_judge
from tests.app.conftest import AS_PERSON, CODE, Desk
from tests.app.reports import make_report

SENTENCE = re.compile(r"[A-Za-z]{2,},?(?: [A-Za-z'’\-]+,?){2,}")
"""Three Latin words in a row; fewer is a name, such as Handcode, nn.Module or BatchNorm1d."""

COMMAND = "python -m app.cli worker"
"""What an operator types, in any language."""

QUOTED = {"code", "pre", "script", "style", "template", "textarea", "math", "time"}
"""What is no sentence of ours: code, output, what somebody typed, formulas, and points in time."""

READ_ALOUD = {"alt", "aria-label", "content", "placeholder", "title"}
"""Attributes that are read or shown; those that begin with ``data-`` may hold what a script will say."""

VOID = {"br", "hr", "img", "input", "link", "meta", "wbr"}


class Words(HTMLParser):
    """The texts of a page outside what is quoted."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self._open.append(tag)
        given = dict(attrs)
        if tag == "meta" and given.get("name") not in (None, "description"):
            return  # settings of scripts and browsers
        for name, text in attrs:
            if text and (name in READ_ALOUD or name.startswith("data-")):
                # The editor's phrases are a table, whose keys are what the editor calls them.
                self.found += json.loads(text).values() if name == "data-phrases" else [text]

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not QUOTED & set(self._open):
            self.found.append(data)


def english(texts: list[str]) -> list[str]:
    """The English sentences among the texts."""
    return [found[0] for text in texts for found in SENTENCE.finditer(text.replace(COMMAND, ""))]


def english_in(html: str) -> list[str]:
    words = Words()
    words.feed(html)
    assert words.found
    return english(words.found)


def test_an_english_sentence_is_found_where_a_reader_meets_it() -> None:
    assert english_in("<p>请先 mend that first</p>") == ["mend that first"]
    assert english_in('<a title="To the start page">首页</a>') == ["To the start page"]
    assert english_in('<p data-changed="Your code has changed">x</p>') == ["Your code has changed"]
    assert english_in("<p>手写 <code>for x in y</code> 与 BatchNorm</p><pre>so it is</pre>") == []


# Pages


@pytest.fixture
def places(desk: Desk) -> dict[str, list[str]]:
    """The addresses of each route with something to show."""

    async def make(session: AsyncSession) -> dict[str, list[str]]:
        links = []
        for _ in range(5):
            invited = await interviews.invite(session, desk.interviewer, "Lin", ["batchnorm1d", "batchnorm2d"], days=3)
            links.append(invited)
        open_to, revoked, ended, entered, replaced = links
        await interviews.renew_link(session, replaced.invitation.id)
        await interviews.revoke(session, revoked.invitation.id)
        ended.invitation.expires_at = now()
        cookie = await auth.admit_candidate(session, entered.invitation)
        desk.client.cookies.set(auth.CANDIDATE_COOKIE, cookie)
        token, _ = await auth.create_token(session, "ci")
        other = Interviewer(name="Bo", password_hash="no password has this hash")
        session.add(other)
        await session.flush()
        candidate = entered.invitation.candidate
        queue = LocalQueue(desk.site.database)
        numbers = []
        for verdict in (None, *Verdict):
            number = await session.run_sync(submissions.submit, queue, candidate, "batchnorm1d", CODE)
            numbers.append(number)
            if verdict is not None:
                error = CandidateError("NameError", 2, "")
                told = raised(error, ("running_stats.momentum_03",))
                await judged(session, number, replace(make_report(verdict), raised=told))
        await interviews.add_note(session, numbers[0], desk.interviewer, "好")
        await interviews.decide(session, numbers[0], desk.interviewer, "hold", "再看看")
        invitation = open_to.invitation.id
        return {
            "/": ["/"],
            "/i/{link}": [f"/i/{link}" for link in ("nobodys", *(one.secret for one in links))],
            "/problems": ["/problems"],
            "/problems/{slug}": [
                "/problems/batchnorm1d",
                *(f"/problems/batchnorm1d?result={number}" for number in numbers),
                "/problems/none",
            ],
            "/submissions": ["/submissions", "/submissions?verdict=accepted&sort=time"],
            "/submissions/{number}": [f"/submissions/{number}" for number in (*numbers, 999)],
            "/candidates/{number}": [f"/candidates/{candidate.id}"],
            "/invitations": ["/invitations", f"/invitations?candidate={candidate.id}"],
            "/invitations/{number}/renew": [f"/invitations/{invitation}/renew"],
            "/invitations/{number}/revoke": [f"/invitations/{invitation}/revoke"],
            "/tokens": ["/tokens"],
            "/tokens/{number}/revoke": [f"/tokens/{token.id}/revoke"],
            "/interviewers": ["/interviewers"],
            "/interviewers/{number}/disable": [f"/interviewers/{other.id}/disable"],
            "/leave": ["/leave"],
            "/sign-in": ["/sign-in"],
        }

    return desk.with_database(make)


async def judged(session: AsyncSession, number: int, report: Report) -> None:
    judging = await submissions.newest_judging(session, number)
    judging.state, judging.verdict, judging.score = State.DONE, report.verdict, report.score
    judging.finished_at = now()
    session.add(StoredReport(judging_id=judging.id, body=msgspec.json.encode(report).decode()))
    await session.flush()


NO_PAGES = re.compile(r"/api/|/docs|/livez|/readyz|/metrics|/workers|/static|/favicon\.ico|.*/events$|/openapi")
"""For programs, and the API's description, which is written in English; files, and streams of events."""

REFUSED: list[tuple[str, dict[str, str]]] = [
    ("/sign-in", {"name": "Ada", "password": "no"}),
    ("/invitations", {"name": "Lin"}),
    ("/invitations", {"name": "\x07", "problem": "batchnorm1d"}),
    ("/invitations", {"name": "Lin", "problem": "batchnorm1d", "days": "many"}),
    ("/tokens", {"name": ""}),
    ("/submissions/1/notes", {"text": " "}),
    ("/submissions/1/decisions", {"outcome": "perhaps"}),
    ("/problems/batchnorm1d", {"code": "", "action": "submit"}),
    ("/problems/batchnorm1d", {"code": "x" * 70_000, "action": "run"}),
    ("/nowhere", {}),
]
"""Forms that cannot be taken as they are."""


def test_no_page_says_an_english_sentence(desk: Desk, places: dict[str, list[str]]) -> None:
    routes = {
        route.path for route in iter_route_contexts(desk.site.app.router.routes) if "GET" in (route.methods or ())
    }
    assert {path for path in routes if path and not NO_PAGES.match(path)} == set(places)
    desk.client.cookies.set(languages.COOKIE, "zh")
    answers = {place: desk.client.get(place, headers=AS_PERSON) for one in places.values() for place in one}
    left = {}
    for address, answer in answers.items():
        assert answer.status_code < 500, address
        assert 'lang="zh' in answer.text, address
        left[address] = english_in(answer.text)
    assert {address: found for address, found in left.items() if found} == {}


def test_no_refusal_says_an_english_sentence(desk: Desk, places: dict[str, list[str]]) -> None:
    desk.client.cookies.set(languages.COOKIE, "zh")
    for address, fields in REFUSED:
        answer = desk.client.post(address, data=fields, headers=AS_PERSON, follow_redirects=False)
        assert answer.status_code in range(400, 500), address
        assert english_in(answer.text) == [], address


# Reports


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    made = start_judge(standby=1)
    yield made
    made.close()


every_problem = pytest.mark.parametrize("problem", load_all(), ids=lambda problem: problem.slug)


@every_problem
def test_no_report_says_an_english_sentence(judge: Judge, problem: Problem) -> None:
    left = {}
    for place, specimen in enumerate(telling(problem)):
        for samples in (False, True) if place % 3 == 0 else (False,):
            report = judge.grade(problem, specimen.path.read_bytes(), seed=1, samples=samples).report
            left[specimen.name, samples] = english(list(texts_of(report))) + english_in(shown(report))
    assert {verdict for verdict in Verdict if f"{verdict}/" in str(left)} == set(Verdict) - {Verdict.JUDGE_ERROR}
    assert {name: found for name, found in left.items() if found} == {}


def telling(problem: Problem) -> list[Specimen]:
    """Sample submissions of every verdict; of the wrong answers one of a mistake, and of the right ones a few."""
    found = specimens(problem)
    by_mistake = {one.expects: one for one in found if one.verdict is Verdict.WRONG_ANSWER and len(one.expects) < 2}
    accepted = [one for one in found if one.verdict is Verdict.ACCEPTED]
    others = [one for one in found if one.verdict not in (Verdict.ACCEPTED, Verdict.WRONG_ANSWER)]
    return [*accepted[:3], *by_mistake.values(), *others]


RAISED = re.compile(r"(\w+(（第 \d+ 行）)?：).*", re.DOTALL)
"""An exception; what follows its type is what Python or the candidate says of it."""


def texts_of(report: Report) -> Iterator[str]:
    """Every sentence of a report in Chinese."""
    yield report.message["zh"]
    for group in report.groups:
        yield from (group.title["zh"], (group.message or {"zh": ""})["zh"])
    for check in report.checks:
        yield check.public_message["zh"]
        detail = check.staff_detail["zh"]
        yield RAISED.sub(r"\1", detail) if check.status is CheckStatus.ERROR else detail
    for view in report.samples:
        yield from (view.title["zh"], view.expected["zh"], *(step["zh"] for step in view.steps))
        yield RAISED.sub(r"\1", view.actual["zh"]) if view.status is CheckStatus.ERROR else view.actual["zh"]


def shown(report: Report) -> str:
    """The candidate's page of it."""
    kind = Kind.RUN if report.samples else Kind.SUBMIT
    submission = Submission(id=1, problem=report.problem, kind=kind, code="x = 1", created_at=now())
    judging = Judging(state=State.DONE, verdict=report.verdict, score=report.score)
    judging.report = StoredReport(body=msgspec.json.encode(report).decode())
    return environment("zh").get_template("candidate/result.html").render(result=result_of(submission, judging, 1))


@every_problem
def test_no_name_of_a_mistake_is_an_english_sentence(problem: Problem) -> None:
    for kind in KINDS:
        assert english([kind.sentence["zh"], kind.question["zh"]]) == [], kind.id
    catalogue: list[Any] = exams.module_of(problem.slug, "misconceptions").MISCONCEPTIONS
    for one in catalogue:
        assert (
            english([one.title["zh"], one.sentence["zh"], one.question["zh"], (one.alone or {"zh": ""})["zh"]]) == []
        ), one.id
