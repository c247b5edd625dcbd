"""One submission as an interviewer reads it: code, checks, diagnoses, judgings; and what they write about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.sse import format_sse_event
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response, StreamingResponse

from app import counting, forms, interviews, submissions
from app.auth import CurrentInterviewer
from app.database import DATABASE_AWAY, Session
from app.errors import BadRequest, NotFound
from app.forms import SentOnce, clean
from app.models import Decision, DiagnosesState, Interviewer, Invitation, Judging, Note, Outcome, State, Submission
from app.pages.listing import Line, listing
from app.pages.results import marks_of
from app.pages.shell import Viewer, page
from app.pages.workspace import BRIEF_RETRY_MS, HEARTBEAT_SECONDS
from app.queue.watch import Watch, is_judged, is_named
from app.schemas import folded
from app.streams import MOST_OF_ONE_PERSON
from judge import problem as problems
from judge.problem import Problem
from judge.report import CheckResult, CheckStatus, Diagnosis, GroupResult, Report, Text, Verdict

router = APIRouter()

MAX_ID = 2**31 - 1
LOOK_SECONDS = 0.5
"""A page that may hold no stream open looks for so long, and again after ``BRIEF_RETRY_MS``."""

Number = Annotated[int, Path(ge=1, le=MAX_ID)]


@dataclass(frozen=True)
class Named:
    """A diagnosis and the checks it explains."""

    diagnosis: Diagnosis
    explains: list[CheckResult]


@dataclass(frozen=True)
class Part:
    """A group with its checks, the failed ones first; ``told`` is what the candidate reads beside it."""

    group: GroupResult
    checks: list[CheckResult]
    told: Text | None

    @property
    def failed(self) -> bool:
        """Not of checks that were never run: a file that does not load would open fifty of them; nor of those that
        only follow from another."""
        return any(_is_bad(check) and check.follows is None for check in self.checks)


@dataclass(frozen=True)
class Words:
    """What stands in the text fields: what was typed and not sent, and why it could not be taken, if that is so."""

    note: str = ""
    reason: str = ""
    error: str = ""
    error_of: str = ""


@dataclass(frozen=True)
class Review:
    """Everything the page of one submission shows."""

    submission: Submission
    number: int | None
    """Which submission of its candidate and problem it is; None of what CI sent."""
    problem: Problem | None
    verdict: Verdict | None
    state: State
    judging: Judging
    is_newest: bool
    judgings: Sequence[Judging]
    askers: dict[int, str]
    report: Report | None
    parts: list[Part]
    named: list[Named]
    unexplained: int
    lines: list[Line]
    invitation: Invitation | None
    notes: Sequence[Note]
    decisions: Sequence[Decision]
    outcomes: tuple[Outcome, ...]
    words: Words
    once: str

    @property
    def is_being_named(self) -> bool:
        return self.state is State.DONE and self.judging.diagnoses_state is DiagnosesState.PENDING


@router.get("/submissions/{number}")
async def review(
    request: Request,
    session: Session,
    interviewer: CurrentInterviewer,
    number: Number,
    judging: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> Response:
    typed = await forms.kept(session, interviewer, _place(number))
    words = Words("".join(typed.get("text", ())), "".join(typed.get("reason", ())))
    ready = await _review(session, number, judging, words)
    return page(request, "staff/submission.html", viewer=Viewer.of(interviewer), review=ready)


def _place(number: int) -> str:
    return f"/submissions/{number}"


async def _review(session: AsyncSession, number: int, judging_id: int | None, words: Words) -> Review:
    submission = await submissions.get_submitted(session, number, with_code=True)
    judgings = await submissions.judgings(session, number)
    shown = _shown(judgings, judging_id)
    report = Report.from_json(shown.report.body) if shown.report else None
    failed = [check for check in report.checks if _is_bad(check)] if report else []
    named = [_named(diagnosis, failed) for diagnosis in report.diagnoses] if report else []
    explained = {check.id for one in named for check in one.explains}
    explained |= set(report.raised.explains) if report and report.raised else set()
    return Review(
        submission=submission,
        number=(await counting.numbers(session, [number])).get(number),
        problem=problems.load(submission.problem) if submission.problem in problems.slugs() else None,
        verdict=shown.verdict,
        state=shown.state,
        judging=shown,
        is_newest=shown is judgings[0],
        judgings=judgings,
        askers=await _askers(session, judgings),
        report=report,
        parts=parts(report) if report else [],
        named=named,
        unexplained=len([check for check in failed if check.id not in explained]),
        lines=listing(submission.code, marks_of(report.to_dict()) if report else None),
        invitation=await session.get(Invitation, submission.invitation_id) if submission.invitation_id else None,
        notes=await interviews.notes(session, number),
        decisions=await interviews.decisions(session, number),
        outcomes=tuple(Outcome),
        words=words,
        once=forms.once(),
    )


def _shown(judgings: Sequence[Judging], judging_id: int | None) -> Judging:
    """The judging asked for, else the newest."""
    if judging_id is None:
        return judgings[0]
    for judging in judgings:
        if judging.id == judging_id:
            return judging
    raise NotFound(f"This submission has no judging {judging_id}.")


def _is_bad(check: CheckResult) -> bool:
    return check.status in (CheckStatus.FAILED, CheckStatus.ERROR)


def _named(diagnosis: Diagnosis, failed: list[CheckResult]) -> Named:
    return Named(diagnosis, [check for check in failed if check.id in diagnosis.explains])


def parts(report: Report) -> list[Part]:
    """The groups of a report, each with what its candidate reads beside it."""
    told = {group["id"]: group["message"] for group in folded(report)}
    return [_part(group, report, told[group.id]) for group in report.groups]


_ORDER = {CheckStatus.FAILED: 0, CheckStatus.ERROR: 0, CheckStatus.NOT_RUN: 2, CheckStatus.PASSED: 3}


def _part(group: GroupResult, report: Report, told: Text | None) -> Part:
    checks = [check for check in report.checks if check.group == group.id]
    return Part(group, sorted(checks, key=lambda one: 1 if one.follows else _ORDER[one.status]), told)


async def _askers(session: AsyncSession, judgings: Sequence[Judging]) -> dict[int, str]:
    """Who asked for each rejudge."""
    named: dict[int, str] = {}
    for judging in judgings:
        if judging.requested_by is not None:
            asker = await session.get(Interviewer, judging.requested_by)
            named[judging.id] = asker.name if asker else ""
    return named


@router.get("/submissions/{number}/events")
async def events(
    request: Request, session: Session, interviewer: CurrentInterviewer, number: Number, brief: bool = False
) -> StreamingResponse:
    """One event when the newest judging is done, upon which the page loads itself again, and one when its mistakes are
    named, which the page puts in their place; or only whether they are, as for whoever holds too many streams."""
    await submissions.get_submitted(session, number)
    watch: Watch = request.app.state.watch

    async def counted_stream() -> AsyncIterator[bytes]:
        limits = {} if brief else {f"interviewer {interviewer.id}": MOST_OF_ONE_PERSON}
        with request.app.state.streams.one_more(limits) as has_room:
            try:
                async for said in stream(brief or not has_room):
                    yield said
            except DATABASE_AWAY as error:  # as a candidate's stream
                request.app.state.database.outage.met("a stream", error)

    async def stream(brief: bool) -> AsyncIterator[bytes]:
        for event, reached in (("verdict", is_judged), ("diagnoses", is_named)):
            while not await watch.until(reached, number, LOOK_SECONDS if brief else HEARTBEAT_SECONDS):
                yield format_sse_event(comment="still waiting", retry=BRIEF_RETRY_MS if brief else None)
                if brief or watch.stopped:
                    return  # the browser asks again by itself
            yield format_sse_event(data_str="done", event=event)

    return StreamingResponse(counted_stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


# Writing: one form with the note and the reason, so that sending one of them loses nothing of the other --------------


@router.post("/submissions/{number}/rejudge")
async def rejudge(
    request: Request,
    session: Session,
    interviewer: CurrentInterviewer,
    form: SentOnce,
    number: Number,
    same_seed: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    await submissions.get_submitted(session, number)
    newest = await submissions.newest_judging(session, number)
    seed = newest.seed if same_seed else None

    async def make() -> int:
        queue = request.app.state.queue
        return await submissions.rejudge(session, queue, number, interviewer_id=interviewer.id, seed=seed)

    await form.once(session, make)
    await _keep(session, interviewer, number, text, reason)
    return RedirectResponse(_place(number), 303)


@router.post("/submissions/{number}/notes")
async def write_note(
    request: Request,
    session: Session,
    interviewer: CurrentInterviewer,
    form: SentOnce,
    number: Number,
    text: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    await submissions.get_submitted(session, number)

    async def make() -> int:
        return (await interviews.add_note(session, number, interviewer, clean(text))).id

    try:
        await form.once(session, make)
    except BadRequest as error:
        return await _refused(request, session, interviewer, number, Words(text, reason, error.detail, "note"))
    await _keep(session, interviewer, number, "", reason)
    return RedirectResponse(f"{_place(number)}#notes", 303)


@router.post("/submissions/{number}/decisions")
async def decide(
    request: Request,
    session: Session,
    interviewer: CurrentInterviewer,
    form: SentOnce,
    number: Number,
    outcome: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    await submissions.get_submitted(session, number)

    async def make() -> int:
        return (await interviews.decide(session, number, interviewer, outcome, clean(reason))).id

    try:
        await form.once(session, make)
    except BadRequest as error:
        return await _refused(request, session, interviewer, number, Words(text, reason, error.detail, "reason"))
    await _keep(session, interviewer, number, text, "")
    return RedirectResponse(f"{_place(number)}#decision", 303)


@router.post("/submissions/{number}/kept")
async def keep_typed(
    session: Session,
    interviewer: CurrentInterviewer,
    number: Number,
    text: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Sent by the page while someone types."""
    await submissions.get_submitted(session, number)
    # It may come after the button that sent the same words: what is written already is not kept as unsent.
    written = {note.text for note in await interviews.notes(session, number)}
    written |= {decision.reason for decision in await interviews.decisions(session, number)}
    text, reason = ("" if clean(typed).strip() in written else typed for typed in (text, reason))
    await _keep(session, interviewer, number, text, reason)
    return Response(status_code=204)


async def _keep(session: AsyncSession, interviewer: Interviewer, number: int, note: str, reason: str) -> None:
    await forms.keep(session, interviewer, _place(number), {"text": [note], "reason": [reason]})


async def _refused(
    request: Request, session: AsyncSession, interviewer: Interviewer, number: int, words: Words
) -> Response:
    """The page again with what was typed, and what is wrong with it beside it."""
    await _keep(session, interviewer, number, words.note, words.reason)
    ready = await _review(session, number, None, words)
    return page(request, "staff/submission.html", viewer=Viewer.of(interviewer), status=400, review=ready)
