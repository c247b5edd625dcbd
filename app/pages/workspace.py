"""The workspace: statement beside editor, run and submit, and the verdict that arrives by itself."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.sse import format_sse_event
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response, StreamingResponse

from app import auth, counting, submissions
from app.auth import CandidateAccess, MaybeCandidate
from app.database import DATABASE_AWAY, Database, Session, Transaction
from app.errors import NotFound, Unauthorized
from app.limits import address_of
from app.models import Candidate, Kind, State, Submission, now
from app.pages import languages
from app.pages.access import desk_of, require_problem
from app.pages.results import Result, result_of
from app.pages.shell import Viewer, fragment, fragment_response, page
from app.pages.statements import statement
from app.queue import Queue
from app.queue.watch import Watch
from app.streams import MOST_OF_GUESTS, MOST_OF_ONE_PERSON
from app.waiting import waiting
from judge.problem import Problem
from judge.report import Verdict

router = APIRouter()

MAX_ID = 2**31 - 1
GUEST = "guest"

GUESTS_PER_MINUTE = 20
"""From one address: a class that practises together passes, a flood of made-up guests does not."""

BRIEF_RETRY_MS = 2000
"""How often a page asks that may hold no stream open: its browser comes back by itself after so long."""
QUEUE_SECONDS = 5
"""Between two looks at the place of what waits in the queue."""
HEARTBEAT_SECONDS = 15
"""Well under the minute after which proxies cut a silent stream."""

Number = Annotated[int, Path(ge=1, le=MAX_ID)]
MaybeNumber = Annotated[int | None, Query(ge=1, le=MAX_ID)]


@dataclass(frozen=True)
class Sent:
    """One line of the history; ``number`` counts this candidate's runs or submissions of the problem."""

    id: int
    number: int
    is_run: bool
    created_at: datetime
    verdict: Verdict | None
    score: float | None


@dataclass(frozen=True)
class History:
    """What a candidate sent for a problem, newest first, a stretch of it; ``older`` leads to the next one."""

    sent: list[Sent]
    newest: bool
    older: str | None


@dataclass(frozen=True)
class Workspace:
    """Everything the workspace shows."""

    problem: Problem
    siblings: tuple[Problem, ...]
    statement: Markup
    starter: str
    code: str
    class_name: str
    restored: bool
    result: Result | None
    history: History
    owner: str
    once: str
    pinned: str | None
    expires_at: datetime | None
    open: bool


@router.get("/problems/{slug}")
async def workspace(
    request: Request,
    session: Session,
    access: MaybeCandidate,
    slug: str,
    result: MaybeNumber = None,
    restore: MaybeNumber = None,
    before: MaybeNumber = None,
    starter: bool = False,
) -> Response:
    desk = desk_of(request, access)
    problem = require_problem(desk, access, slug)
    language = languages.choose(request)
    beginning = problem.starter[language]
    shown = await own_result(session, access, slug, result) if result else None
    ready = Workspace(
        problem=problem,
        siblings=desk.problems,
        statement=statement(problem, language, desk.pinned),
        starter=beginning,
        code=beginning if starter else await _code(session, access, problem, restore or result) or beginning,
        class_name=problem.class_names[0],
        restored=bool(restore or starter),
        result=shown,
        history=await own_history(session, access, slug, before),
        owner=_owner(access),
        once=secrets.token_hex(12),
        pinned=desk.pinned,
        expires_at=desk.expires_at,
        open=desk.open,
    )
    return page(request, "candidate/workspace.html", viewer=Viewer.of(access), work=ready)


async def _code(
    session: AsyncSession,
    access: CandidateAccess | None,
    problem: Problem,
    wanted: int | None,
) -> str | None:
    """The code of the submission asked for, else of the last one sent, if any."""
    number = wanted
    if number is None and access is not None:
        last = (await submissions.history(session, access.candidate.id, problem.slug, limit=1)).submissions
        number = last[0].id if last else None
    if number is None:
        return None
    return (await own_submission(session, access, problem.slug, number)).code


def _owner(access: CandidateAccess | None) -> str:
    """Whose draft and form this is. A guest is the same before and after the first run, which makes them one."""
    return GUEST if access is None or access.candidate.guest else str(access.candidate.id)


async def own_history(
    session: AsyncSession, access: CandidateAccess | None, slug: str, before: int | None = None
) -> History:
    if access is None:
        return History([], newest=True, older=None)
    listed = await submissions.history(session, access.candidate.id, slug, before=before)
    numbers = await counting.numbers(session, [one.id for one in listed.submissions])
    sent = [
        Sent(one.id, numbers[one.id], one.kind is Kind.RUN, one.created_at, one.verdict, one.score)
        for one in listed.submissions
    ]
    return History(sent, before is None, listed.next_cursor)


async def own_submission(session: AsyncSession, access: CandidateAccess | None, slug: str, number: int) -> Submission:
    """The candidate's own submission with its code; one of somebody else's is not found rather than forbidden.

    Whoever is nobody here is told to open their link, whether or not there is such a submission.
    """
    if access is None:
        raise Unauthorized("Open your invitation link first.")
    found = await submissions.get(session, number, with_code=True)
    if found.candidate_id != access.candidate.id or found.problem != slug:
        raise NotFound(f"You have no submission {number} for this problem.")
    return found


async def own_result(session: AsyncSession, access: CandidateAccess | None, slug: str, number: int) -> Result:
    found = await own_submission(session, access, slug, number)
    numbers = await counting.numbers(session, [number])
    judging = await submissions.newest_judging(session, number, with_report=True)
    stands = await session.run_sync(waiting, judging.id) if judging.state is State.QUEUED else None
    return result_of(found, judging, numbers[number], stands)


# Sending -------------------------------------------------------------------------------------------------------------


@router.post("/problems/{slug}")
async def send(
    request: Request,
    access: MaybeCandidate,
    slug: str,
    code: Annotated[str, Form()] = "",
    action: Annotated[Kind, Form()] = Kind.RUN,
    once: Annotated[str, Form(max_length=64)] = "",
    owner: Annotated[str, Form(max_length=20)] = GUEST,
) -> Response:
    if owner != _owner(access):
        # The invitation ended, or another one was opened in this browser: nobody's code goes out under another name.
        raise Unauthorized("Open your invitation link first.")
    require_problem(desk_of(request, access), access, slug)
    settings, limiter = request.app.state.settings, request.app.state.limiter
    if access is None:
        limiter.check("guest", address_of(request), GUESTS_PER_MINUTE)
    else:
        limiter.check("submit", f"candidate {access.candidate.id}", settings.submissions_per_minute)
    # A textarea sends its lines with CR LF; the file it stands for has LF.
    text = code.replace("\r\n", "\n")
    database: Database = request.app.state.database
    # Committed before the answer is made: whoever waits to write does not wait for a page.
    taken = await database.change(
        _take, request.app.state.queue, access, auth.read_cookie(request, auth.CANDIDATE_COOKIE), slug, text,
        kind=action, idempotency_key=_key(once, action, text),
    )  # fmt: skip
    response = await _answer(request, taken, slug)
    if taken.cookie is not None:
        auth.set_cookie(response, settings, auth.CANDIDATE_COOKIE, taken.cookie, hours=auth.GUEST_DAYS * 24)
    return response


@dataclass(frozen=True)
class Taken:
    """A submission that is stored; ``cookie`` is that of a guest who was made one for it."""

    access: CandidateAccess
    sent: Sent
    again: bool = False
    """Whether it was there already: one form sent twice."""
    cookie: str | None = None


def _take(
    transaction: Transaction,
    queue: Queue,
    access: CandidateAccess | None,
    cookie: str | None,
    slug: str,
    code: str,
    *,
    kind: Kind,
    idempotency_key: str | None,
) -> Taken:
    made = None
    if access is None:
        candidate, made = auth.admit_guest(transaction)
        access = CandidateAccess(candidate, None)
    else:
        auth.require_open_session(transaction, cookie)
    author = access.candidate
    again = submissions.is_known(transaction, author, idempotency_key)
    number = submissions.submit(
        transaction, queue, author, slug, code,
        kind=kind, invitation=access.invitation, idempotency_key=idempotency_key,
    )  # fmt: skip
    sent = Sent(number, counting.number(transaction, number), kind is Kind.RUN, now(), None, None)
    return Taken(access, sent, again, made)


def _key(once: str, action: Kind, text: str) -> str | None:
    """One form sent twice is one submission; changed code from a page the browser went back to is another."""
    return hashlib.sha256(f"{once}\0{action}\0{text}".encode("utf-8", "surrogatepass")).hexdigest() if once else None


async def _answer(request: Request, taken: Taken, slug: str) -> Response:
    """A script gets the piece of page that waits for the verdict; a plain form is led to the page that shows it."""
    number = taken.sent.id
    there = f"/problems/{slug}?result={number}"
    if "hx-request" not in request.headers:
        return RedirectResponse(f"{there}#result", 303)
    language = languages.choose(request)
    if taken.again:  # it may have its verdict
        database: Database = request.app.state.database
        html = await _result_html(database, taken.access, slug, number, language)
    else:
        sent = taken.sent
        result = Result(number, sent.number, slug, sent.is_run, sent.created_at, State.QUEUED)
        html = fragment(language, "candidate/result_and_row.html", result=result, sent=sent, slug=slug)
    return fragment_response(html, headers={"HX-Replace-Url": there})


async def _result_html(database: Database, access: CandidateAccess, slug: str, number: int, language: str) -> str:
    async with database.reading() as session:
        result = await own_result(session, access, slug, number)
        history = await own_history(session, access, slug)
    return fragment(
        language, "candidate/result_and_history.html",
        result=result, history=history, slug=slug,
    )  # fmt: skip


# The verdict arrives -------------------------------------------------------------------------------------------------


@router.get("/problems/{slug}/submissions/{number}/events")
async def events(
    request: Request, session: Session, access: MaybeCandidate, slug: str, number: Number, brief: bool = False
) -> StreamingResponse:
    """Server-sent events until the verdict, or only how things stand; whoever reconnects is told that at once.

    Whoever holds too many streams is told how things stand, and asks again.
    """
    found = await own_submission(session, access, slug, number)
    assert access is not None  # noqa: S101 - nobody owns a submission without being somebody
    stream = _counted_stream(request, access.candidate, found, brief=brief)
    return StreamingResponse(
        stream, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


async def _counted_stream(
    request: Request, candidate: Candidate, submission: Submission, *, brief: bool
) -> AsyncIterator[bytes]:
    limits = {} if brief else {f"candidate {candidate.id}": MOST_OF_ONE_PERSON}
    if candidate.guest and not brief:
        limits[f"guests at {address_of(request)}"] = MOST_OF_GUESTS
    with request.app.state.streams.one_more(limits) as has_room:
        try:
            async for event in _stream(request, submission, brief=brief or not has_room):
                yield event
        except DATABASE_AWAY as error:  # the answer has begun: the stream ends, and the browser asks again
            request.app.state.database.outage.met("a stream", error)


async def _stream(request: Request, submission: Submission, *, brief: bool) -> AsyncIterator[bytes]:
    """Holds no database connection while it waits."""
    watch: Watch = request.app.state.watch
    database: Database = request.app.state.database
    language = languages.choose(request)
    seen = None
    said = ""
    while True:
        queued = seen is not None and seen.state is State.QUEUED
        seconds = QUEUE_SECONDS if queued else HEARTBEAT_SECONDS
        seen = await watch.until_changed(submission.id, seen, seconds) or seen
        if watch.stopped:
            return  # the browser asks again by itself
        access = await auth.find_candidate(request)
        if access is None:  # their session was ended meanwhile
            yield format_sse_event(data_str=fragment(language, "candidate/signed_out.html"), event="verdict")
            return
        if seen is not None and seen.state is State.DONE:
            html = await _result_html(database, access, submission.problem, submission.id, language)
            yield format_sse_event(data_str=html, event="verdict")
            return
        state = seen.state if seen else State.QUEUED
        stands = None
        if seen is not None and state is State.QUEUED:
            async with database.reading() as session:
                stands = await session.run_sync(waiting, seen.judging_id)
        html = fragment(language, "candidate/progress.html", state=state, waiting=stands)
        if html == said:
            yield format_sse_event(comment="still waiting")
        else:
            said = html
            yield format_sse_event(data_str=html, event="progress", retry=BRIEF_RETRY_MS if brief else None)
        if brief:
            return
