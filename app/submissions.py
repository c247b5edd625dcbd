"""Submissions from arrival to report: sending, listing, reading, judging again; for pages and API alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, bindparam, insert, literal_column, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload, undefer

from app import turns, wording
from app.auth import TokenAccess
from app.clock import database_now
from app.database import Transaction
from app.errors import (
    CodeTooLarge,
    Forbidden,
    Gone,
    IdempotencyConflict,
    Invalid,
    InvalidCode,
    NotFound,
    NoWorkerForDevice,
    UnknownDevice,
    UnknownProblem,
)
from app.models import (
    Candidate,
    Device,
    Invitation,
    Judging,
    Kind,
    Report,
    State,
    Submission,
    Worker,
    now,
)
from app.queue import Queue
from judge import problem as problems
from judge.report import Verdict

Author = Candidate | TokenAccess

WORKER_SILENCE_SECONDS = 15.0
"""A worker not heard of for this long is gone: three heartbeats."""

PRIORITY_RUN, PRIORITY_SUBMIT, PRIORITY_API, PRIORITY_REJUDGE = 0, 10, 20, 60
"""Seconds by which a run may overtake each in the queue: someone waits for it at a browser."""

MAX_IDEMPOTENCY_KEY = 255
MAX_LABEL = 200


class Sort(StrEnum):
    """What a table of submissions is sorted by; a minus puts the newest or highest first."""

    NEWEST = "-time"
    OLDEST = "time"
    BEST = "-score"
    WORST = "score"


@dataclass(frozen=True)
class Filters:
    """Which submissions a table shows; None means any."""

    candidate_id: int | None = None
    problem: str | None = None
    verdict: Verdict | None = None
    token_id: int | None = None


@dataclass(frozen=True)
class Page:
    """A stretch of a table and the cursor that leads to the next one."""

    submissions: Sequence[Submission]
    next_cursor: str | None


# Sending -------------------------------------------------------------------------------------------------------------


def submit(
    transaction: Transaction,
    queue: Queue,
    author: Author,
    problem: str,
    code: str | bytes,
    *,
    kind: Kind = Kind.SUBMIT,
    device: str = Device.CPU,
    label: str | None = None,
    idempotency_key: str | None = None,
    invitation: Invitation | None = None,
) -> int:
    """Stores the code and its job in the caller's transaction; returns the submission's number or raises an
    ``AppError`` that says what to change.

    The same author and ``idempotency_key`` give the submission that is already there (two clicks post a form twice);
    with other contents they raise ``IdempotencyConflict``.
    """
    text = check_code(code)
    _check_problem(problem)
    _check_invitation(invitation, problem)
    _check_key_and_label(idempotency_key, label)
    where = _check_device(transaction, device)
    by_candidate = isinstance(author, Candidate)
    values = {
        "kind": kind, "problem": problem, "device": where, "code": text, "label": label,
        "idempotency_key": idempotency_key,
        "candidate_id": author.id if by_candidate else None,
        "token_id": None if by_candidate else author.id,
        "invitation_id": invitation.id if invitation else None,
        "accept": invitation.accept if invitation else None, "created_at": now(), "sort_score": -1.0,
    }  # fmt: skip
    number, new = _insert_or_find(transaction, values)
    if new:
        owner = f"candidate {author.id}" if by_candidate else f"token {author.id}"
        urgency = PRIORITY_RUN if kind is Kind.RUN else PRIORITY_SUBMIT if by_candidate else PRIORITY_API
        _add_judging(transaction, queue, number, where, owner, urgency)
    return number


def is_known(transaction: Transaction, author: Candidate, idempotency_key: str | None) -> bool:
    """Whether the candidate sent something with this key before."""
    values = {"candidate_id": author.id, "idempotency_key": idempotency_key}
    return idempotency_key is not None and _find_by_key(transaction, values) is not None


def check_code(code: str | bytes) -> str:
    """The code as text that can be stored and judged; raises ``InvalidCode`` or ``CodeTooLarge``."""
    try:
        text = code.decode("utf-8") if isinstance(code, bytes) else code
        size = len(text.encode("utf-8"))
    except UnicodeDecodeError as error:
        raise InvalidCode(f"The code is not UTF-8: byte {error.start} cannot be read.") from error
    except UnicodeEncodeError as error:
        raise InvalidCode(
            f"The code is not valid Unicode: half a surrogate pair at character {error.start}."
        ) from error
    if size > problems.MAX_SOURCE_BYTES:
        raise CodeTooLarge(f"The code has {size} bytes; at most {problems.MAX_SOURCE_BYTES} are judged.")
    if "\0" in text:
        raise InvalidCode("The code contains a NUL character; remove it.")
    if not text.strip():
        raise InvalidCode("The code is empty.")
    return text


def _check_problem(slug: str) -> None:
    try:
        problems.load(slug)
    except problems.UnknownProblem as error:
        raise UnknownProblem(f"There is no problem {slug[:80]!r}; GET /api/v1/problems lists them.") from error


def _check_invitation(invitation: Invitation | None, problem: str) -> None:
    if invitation is None:
        return
    if not invitation.is_open(now()):
        raise Gone("This invitation has ended; ask your interviewer for a new link.")
    if problem not in invitation.problems:
        raise Forbidden("Your invitation does not include this problem.")


def _check_key_and_label(idempotency_key: str | None, label: str | None) -> None:
    if idempotency_key is not None and not (
        0 < len(idempotency_key) <= MAX_IDEMPOTENCY_KEY and idempotency_key.isascii() and idempotency_key.isprintable()
    ):
        raise Invalid(f"Idempotency-Key must be 1 to {MAX_IDEMPOTENCY_KEY} printable ASCII characters.")
    if label is not None and (len(label) > MAX_LABEL or not wording.is_one_line(label)):
        said = f"A label is at most {MAX_LABEL} characters on one line, without control characters."
        raise Invalid(f"body.label: {said}", errors=[{"where": "body.label", "message": said}])


def _check_device(transaction: Transaction, device: str) -> Device:
    try:
        known = Device(device)
    except ValueError as error:
        raise UnknownDevice(f"There is no device {device[:80]!r}; use cpu or cuda.") from error
    if known is Device.CUDA and not has_worker(transaction, known):
        raise NoWorkerForDevice("No worker with a GPU is running now; use device cpu or start one.")
    return known


def _insert_or_find(transaction: Transaction, values: dict[str, Any]) -> tuple[int, bool]:
    """The number of the submission, and whether it is new: its idempotency key may already belong to one."""
    if values["idempotency_key"] is None:
        return _insert(transaction, values), True
    earlier = _find_by_key(transaction, values)
    if earlier is None:
        try:
            with transaction.begin_nested():
                return _insert(transaction, values), True
        except IntegrityError:
            # PostgreSQL only: two requests with one key both looked, both saw nothing, both inserted.
            earlier = _find_by_key(transaction, values)
            if earlier is None:
                raise
    return _same_or_conflict(earlier, values), False


_TABLES = Submission.metadata.tables
# Into the table, not the mapped class: through the unit of work the same insert takes three times as long.
_INSERT = insert(_TABLES["submissions"]).returning(Submission.id)


def _insert(transaction: Transaction, values: dict[str, Any]) -> int:
    number: int = transaction.execute(_INSERT, values).scalar_one()
    return number


_MUST_BE_THE_SAME = ("kind", "problem", "device", "code", "label")


_STORED = _TABLES["submissions"].columns
_FIND_BY_KEY = {
    owner: select(_STORED["id"], *(_STORED[name] for name in _MUST_BE_THE_SAME)).where(
        _STORED[owner] == bindparam("owner"), _STORED["idempotency_key"] == bindparam("key")
    )
    for owner in ("token_id", "candidate_id")
}


def _find_by_key(transaction: Transaction, values: dict[str, Any]) -> Row[*tuple[Any, ...]] | None:
    owner = "token_id" if values["candidate_id"] is None else "candidate_id"
    wanted = {"owner": values[owner], "key": values["idempotency_key"]}
    return transaction.execute(_FIND_BY_KEY[owner], wanted).one_or_none()


def _same_or_conflict(earlier: Row[*tuple[Any, ...]], wanted: dict[str, Any]) -> int:
    for name in _MUST_BE_THE_SAME:
        if getattr(earlier, name) != wanted[name]:
            raise IdempotencyConflict(
                f"This Idempotency-Key belongs to submission {earlier.id}, whose {name} is another; use a new key."
            )
    number: int = earlier.id
    return number


def _add_judging(
    transaction: Transaction,
    queue: Queue,
    submission_id: int,
    device: Device,
    owner: str,
    priority: int,
    *,
    seed: int | None = None,
    requested_by: int | None = None,
) -> int:
    values = {
        "submission_id": submission_id, "state": State.QUEUED, "queue": device, "attempt": 0,
        "seed": seed, "requested_by": requested_by,
    }  # fmt: skip
    judging_id = turns.add(transaction, owner, values, priority=priority)
    queue.enqueue(transaction, judging_id)
    return judging_id


async def rejudge(
    session: AsyncSession, queue: Queue, submission_id: int, *, interviewer_id: int | None, seed: int | None = None
) -> int:
    """Adds a judging and keeps the old ones; ``seed`` repeats an exam. Returns its number, or that of one that is not
    done yet."""
    submission = await get(session, submission_id)
    newest = await newest_judging(session, submission_id)
    if newest.state is not State.DONE:
        return newest.id
    return await session.run_sync(
        _add_judging, queue, submission.id, submission.device, f"interviewer {interviewer_id}", PRIORITY_REJUDGE,
        seed=seed, requested_by=interviewer_id,
    )  # fmt: skip


# Reading -------------------------------------------------------------------------------------------------------------


async def get(session: AsyncSession, submission_id: int, *, with_code: bool = False) -> Submission:
    """The submission with its candidate and token; raises ``NotFound``."""
    query = (
        select(Submission)
        .where(Submission.id == submission_id)
        .options(joinedload(Submission.candidate), joinedload(Submission.token))
    )
    if with_code:
        query = query.options(undefer(Submission.code))
    found: Submission | None = await session.scalar(query)
    if found is None:
        raise NotFound(f"There is no submission {submission_id}.")
    return found


async def get_submitted(session: AsyncSession, submission_id: int, *, with_code: bool = False) -> Submission:
    """What an interviewer may read; raises ``NotFound``, or ``Forbidden`` for a run: the invitation promises its
    candidate that runs are only counted."""
    found = await get(session, submission_id, with_code=with_code)
    if found.kind is Kind.RUN:
        raise Forbidden("This is a run of the samples; runs are only counted, and nobody but their author reads them.")
    return found


# A submission with its newest judging and report in one query: on the way of every verdict.
DETAIL = (
    select(
        Submission.id, Submission.problem, Submission.kind, Submission.device, Submission.label, Submission.token_id,
        Submission.candidate_id, Submission.created_at, Submission.verdict, Submission.score, Submission.max_score,
        Candidate.name.label("candidate_name"), Judging.id.label("judging_id"), Judging.state, Judging.attempt,
        Judging.diagnoses_state, Judging.finished_at, Report.body.label("report"),
    )
    .join(Judging, Judging.submission_id == Submission.id)
    .outerjoin(Report, Report.judging_id == Judging.id)
    .outerjoin(Candidate, Candidate.id == Submission.candidate_id)
    .where(Submission.id == bindparam("submission"))
    .order_by(Judging.id.desc())
    .limit(literal_column("1"))
)  # fmt: skip


async def newest_judging(session: AsyncSession, submission_id: int, *, with_report: bool = False) -> Judging:
    """The judging that speaks for the submission now."""
    query = select(Judging).where(Judging.submission_id == submission_id).order_by(Judging.id.desc()).limit(1)
    if with_report:
        query = query.options(joinedload(Judging.report))
    found: Judging | None = await session.scalar(query)
    if found is None:
        raise NotFound(f"There is no submission {submission_id}.")
    return found


async def judgings(session: AsyncSession, submission_id: int) -> Sequence[Judging]:
    """Every judging of a submission with its report, newest first."""
    rows = await session.scalars(
        select(Judging)
        .where(Judging.submission_id == submission_id)
        .order_by(Judging.id.desc())
        .options(selectinload(Judging.report))
    )
    return rows.all()


async def page(
    session: AsyncSession,
    filters: Filters | None = None,
    *,
    sort: Sort = Sort.NEWEST,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Submitted code (no runs), filtered and sorted, from ``cursor`` on; raises ``Invalid`` on a made-up cursor."""
    rows = (await session.scalars(page_query(filters or Filters(), sort, cursor, limit))).all()
    shown = rows[:limit]
    return Page(shown, write_cursor(shown[-1], sort) if len(rows) > limit else None)


def page_query(filters: Filters, sort: Sort, cursor: str | None, limit: int) -> Select[Submission]:
    """One row more than the page holds, which tells whether there is a next one.

    Keyset, not OFFSET: the thousandth page costs what the first does, and a new row shifts nothing.
    """
    query = select(Submission).options(joinedload(Submission.candidate), joinedload(Submission.token))
    query = submitted(query, filters)
    by_score = sort in (Sort.BEST, Sort.WORST)
    if by_score and filters.verdict is None:
        query = query.where(Submission.verdict.is_not(None))  # what is still being judged has no score to be sorted by
    keys = (Submission.sort_score, Submission.id) if by_score else (Submission.id,)
    falling = sort.startswith("-")
    if cursor is not None:
        after = read_cursor(cursor, by_score=by_score)
        query = query.where(tuple_(*keys) < after if falling else tuple_(*keys) > after)
    return query.order_by(*(key.desc() if falling else key.asc() for key in keys)).limit(limit + 1)


def submitted(query: Select[Any], filters: Filters) -> Select[Any]:
    """The query over submitted code only, no runs, that passes the filters."""
    # Written out: SQLite uses a partial index only where it can read its condition in the query itself.
    query = query.where(Submission.kind == literal_column(f"'{Kind.SUBMIT}'"))
    for column, value in (
        (Submission.candidate_id, filters.candidate_id),
        (Submission.token_id, filters.token_id),
        (Submission.problem, filters.problem),
        (Submission.verdict, filters.verdict),
    ):
        if value is not None:
            query = query.where(column == value)
    return query if filters.verdict is None else query.where(Submission.verdict.is_not(None))


def write_cursor(last: Submission, sort: Sort) -> str:
    by_score = sort in (Sort.BEST, Sort.WORST)
    return f"{last.sort_score!r}_{last.id}" if by_score else str(last.id)


_CURSOR = re.compile(r"(?:(?P<score>-?[0-9]{1,9}\.[0-9]{1,17})_)?(?P<id>[0-9]{1,9})", re.ASCII)


def read_cursor(cursor: str, *, by_score: bool) -> tuple[float | int, ...]:
    found = _CURSOR.fullmatch(cursor)
    if found is None or (found["score"] is not None) != by_score:
        raise Invalid("This cursor is not one of ours; start at the first page.")
    return (float(found["score"]), int(found["id"])) if by_score else (int(found["id"]),)


async def history(
    session: AsyncSession, candidate_id: int, problem: str, *, before: int | None = None, limit: int = 50
) -> Page:
    """A candidate's own runs and submissions of a problem, newest first; with ``before``, those older than it."""
    rows = (await session.scalars(history_query(candidate_id, problem, before, limit))).all()
    shown = rows[:limit]
    return Page(shown, str(shown[-1].id) if len(rows) > limit else None)


def history_query(candidate_id: int, problem: str, before: int | None, limit: int) -> Select[Submission]:
    query = select(Submission).where(Submission.candidate_id == candidate_id, Submission.problem == problem)
    if before is not None:
        query = query.where(Submission.id < before)
    return query.order_by(Submission.id.desc()).limit(limit + 1)


async def workers(session: AsyncSession) -> Sequence[Worker]:
    """Every worker heard of lately."""
    heard_of = Worker.last_seen > database_now(-WORKER_SILENCE_SECONDS)
    rows = await session.scalars(select(Worker).where(heard_of).order_by(Worker.name))
    return rows.all()


def has_worker(transaction: Transaction, device: Device) -> bool:
    """Whether a worker that is alive and has found its walls sound takes jobs of this device."""
    heard_of = select(Worker.queues).where(
        Worker.last_seen > database_now(-WORKER_SILENCE_SECONDS), Worker.ready.is_(True), Worker.quarantined.is_(None)
    )
    return any(device in queues for queues in transaction.execute(heard_of).scalars())
