"""``POST`` and ``GET submissions``: hand in code, wait for the verdict, list what was sent."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import Response
from sqlalchemy import Row

from app import submissions
from app.api.responses import problems as errors
from app.auth import CurrentToken, TokenAccess
from app.database import Database, Session, Transaction
from app.errors import Forbidden, NotFound, TooManyRequests
from app.models import Kind, State
from app.queue.watch import Progress, Watch, is_judged, is_named
from app.schemas import NewSubmission, SubmissionList, SubmissionOut, detail, summary
from app.streams import MOST_OF_A_TOKEN
from app.submissions import Filters, Sort
from app.waiting import Waiting, waiting
from judge.report import Verdict

router = APIRouter()

MAX_WAIT_SECONDS = 60
MAX_ID = 2**31 - 1


class WaitFor(StrEnum):
    """What `wait` waits for."""

    VERDICT = "verdict"
    DIAGNOSES = "diagnoses"


SubmissionId = Annotated[int, Path(ge=1, le=MAX_ID)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=submissions.MAX_IDEMPOTENCY_KEY,
        pattern=r"^[\x20-\x7e]+$",
        description="Send the same key again and you get the same submission, not a second one.",
    ),
]


@router.post(
    "",
    status_code=202,
    response_model=SubmissionOut,
    responses={
        202: {
            "description": "Queued; `Location` leads to it.",
            "headers": {"Location": {"schema": {"type": "string"}, "description": "The submission's address."}},
        },
        **errors(400, 401, 409, 413, 415, 422, 429),
    },
    summary="Hand in code",
)
async def submit(
    request: Request,
    token: CurrentToken,
    body: NewSubmission,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Queues the code to be judged by the hidden exam. Ask for the verdict with `GET` and `wait`."""
    settings = request.app.state.settings
    request.app.state.limiter.check("submit", f"token {token.id}", settings.token_submissions_per_minute)
    database: Database = request.app.state.database
    row, stands = await database.change(
        _submit_and_read, request.app.state.queue, token, body.problem, body.code,
        device=body.device, label=body.label, idempotency_key=idempotency_key,
    )  # fmt: skip
    return Response(
        detail(row, stands, staff=token.is_staff), status_code=202, media_type="application/json",
        headers={"Location": f"/api/v1/submissions/{row.id}"},
    )  # fmt: skip


def _submit_and_read(
    transaction: Transaction, *what: Any, **options: Any
) -> tuple[Row[*tuple[Any, ...]], Waiting | None]:
    number = submissions.submit(transaction, *what, **options)
    row = transaction.execute(submissions.DETAIL, {"submission": number}).one()
    return row, waiting(transaction, row.judging_id)


@router.get(
    "/{submission_id}",
    response_model=SubmissionOut,
    responses=errors(401, 404, 422, 429),
    summary="One submission, when it is judged",
)
async def get_submission(
    request: Request,
    token: CurrentToken,
    submission_id: SubmissionId,
    wait: Annotated[
        float, Query(ge=0, le=MAX_WAIT_SECONDS, description="Seconds to wait, if what is asked `for` is not there yet.")
    ] = 0,
    wait_for: Annotated[
        WaitFor,
        Query(alias="for", description="What to wait for; the names of mistakes come a moment after the verdict."),
    ] = WaitFor.VERDICT,
) -> Response:
    """Answers at once, or within `wait` seconds as soon as the judging is done; look at `state` (and, having waited
    for the diagnoses, at `diagnoses_state`)."""
    database: Database = request.app.state.database
    watch: Watch = request.app.state.watch
    wanted = is_named if wait_for is WaitFor.DIAGNOSES else is_judged
    # Two queries around the wait: a waiting request holds no connection.
    with watch.waiting(submission_id, wanted) as waiter:
        row = await _read(database, token, submission_id)
        there = Progress(row.judging_id, row.state, row.attempt, row.diagnoses_state)
        if wait and not wanted(there):
            with request.app.state.streams.one_more({f"token {token.id}": MOST_OF_A_TOKEN}) as has_room:
                if not has_room:
                    raise TooManyRequests(f"{MOST_OF_A_TOKEN} requests of this token wait already; ask again later.")
                if await waiter.progress(wait):
                    row = await _read(database, token, submission_id)
    stands = None
    if row.state is State.QUEUED:
        async with database.reading() as session:
            stands = await session.run_sync(waiting, row.judging_id)
    return Response(detail(row, stands, staff=token.is_staff), media_type="application/json")


@router.get("", response_model=SubmissionList, responses=errors(401, 403, 422), summary="What was sent")
async def list_submissions(
    token: CurrentToken,
    session: Session,
    problem: Annotated[str | None, Query(max_length=64)] = None,
    verdict: Verdict | None = None,
    candidate: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only with the staff scope.")] = None,
    sort: Sort = Sort.NEWEST,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=64, description="`next_cursor` of the page before.")] = None,
) -> Response:
    """Newest first, or by score; without the staff scope only what this token sent."""
    if candidate is not None and not token.is_staff:
        raise Forbidden("To choose a candidate's submissions, send a token with the staff scope.")
    filters = Filters(
        candidate_id=candidate, problem=problem, verdict=verdict, token_id=None if token.is_staff else token.id
    )
    page = await submissions.page(session, filters, sort=sort, cursor=cursor, limit=limit)
    answer = {"submissions": [summary(row) for row in page.submissions], "next_cursor": page.next_cursor}
    return Response(msgspec.json.encode(answer), media_type="application/json")


async def _read(database: Database, token: TokenAccess, submission_id: int) -> Row[*tuple[Any, ...]]:
    """A row of ``DETAIL``; a submission of another token is not found rather than forbidden, which would say that it
    exists. A candidate's run is read by nobody else, whatever the token: their invitation promises it."""
    row = await database.row(submissions.DETAIL, submission=submission_id)
    if row is None or not (row.token_id == token.id or (token.is_staff and row.kind is Kind.SUBMIT)):
        raise NotFound(f"There is no submission {submission_id}.")
    return row
