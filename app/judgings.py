"""What becomes of a judging: claimed, kept alive, finished, given back. Every change is fenced by the attempt."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Update, func, insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Device, Judging, Kind, Report, State, Submission, now
from app.queue import Claim
from app.queue.changes import announce
from judge.report import Report as JudgeReport
from judge.report import Verdict

MAX_ATTEMPTS = 3
"""A judging lost three times is more likely to be the cause than the victim."""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

log = logging.getLogger(__name__)

QUEUED = Judging.state == literal_column(f"'{State.QUEUED}'")
RUNNING = Judging.state == literal_column(f"'{State.RUNNING}'")
# Written out, not bound: SQLite uses a partial index only where it can read its condition in the query itself.


async def claim_next(
    session: AsyncSession, worker: str, queues: Sequence[Device], lease: timedelta, *, at: datetime | None = None
) -> Claim | None:
    """Takes the most urgent judging of ``queues``, or None: one compare-and-set that raises the attempt."""
    started_at = at or now()
    for queue in queues:
        row = (await session.execute(claim_statement(queue, worker, started_at, lease))).one_or_none()
        if row is not None:
            await announce(session)
            return await _read_claim(session, row.id, row.attempt, started_at)
    return None


def claim_statement(queue: Device, worker: str, started_at: datetime, lease: timedelta) -> Update:
    """``SKIP LOCKED`` is PostgreSQL's; on SQLite a writer is alone anyway and the clause is not rendered."""
    urgent = (
        select(Judging.id)
        .where(QUEUED, Judging.queue == queue)
        .order_by(Judging.priority, Judging.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return (
        update(Judging)
        .where(Judging.id == urgent, QUEUED)
        .values(
            state=State.RUNNING,
            attempt=Judging.attempt + 1,
            worker=worker,
            started_at=started_at,
            lease_until=started_at + lease,
        )
        .returning(Judging.id, Judging.attempt)
        .execution_options(synchronize_session=False)
    )


async def _read_claim(session: AsyncSession, judging_id: int, attempt: int, started_at: datetime) -> Claim:
    query = (
        select(
            Judging.seed, Judging.created_at, Submission.id, Submission.problem, Submission.code,
            Submission.kind, Submission.device, Submission.accept,
        )
        .join(Submission, Submission.id == Judging.submission_id)
        .where(Judging.id == judging_id)
    )  # fmt: skip
    row = (await session.execute(query)).one()
    return Claim(
        judging_id=judging_id, attempt=attempt, submission_id=row.id, problem=row.problem, code=row.code,
        kind=row.kind, device=row.device, accept=row.accept, seed=row.seed, created_at=row.created_at,
        started_at=started_at,
    )  # fmt: skip


def _mine(claim: Claim) -> Update:
    """The fence: touches the row only while it is running this very attempt."""
    return (
        update(Judging)
        .where(Judging.id == claim.judging_id, Judging.attempt == claim.attempt, RUNNING)
        .execution_options(synchronize_session=False)
    )


async def keep(session: AsyncSession, claims: Sequence[Claim], lease: timedelta) -> None:
    """Prolongs the leases of judgings in work."""
    for claim in claims:
        await session.execute(_mine(claim).values(lease_until=now() + lease))


async def finish(session: AsyncSession, claim: Claim, report: JudgeReport) -> bool:
    """Writes the result; False when this attempt is no longer the one that counts, and nothing was written."""
    finished_at = now()
    scored = claim.kind is Kind.SUBMIT
    result = await session.execute(
        _mine(claim)
        .values(
            state=State.DONE,
            lease_until=None,
            finished_at=finished_at,
            verdict=report.verdict,
            score=report.score if scored else None,
            seed=report.seed,
            problem_version=report.problem_version,
            stages_ms=stages_of(claim, report, finished_at),
            fault=None,
        )
        .returning(Judging.id)
    )
    if result.one_or_none() is None:
        log.warning("judging %d: the result of attempt %d came too late", claim.judging_id, claim.attempt)
        return False
    body = msgspec.json.encode(report).decode()
    await session.execute(insert(Report).values(judging_id=claim.judging_id, body=body))
    await session.execute(
        update(Submission)
        .where(Submission.id == claim.submission_id)
        .values(
            verdict=report.verdict,
            score=report.score if scored else None,
            sort_score=report.score if scored else -1.0,
            max_score=report.max_score,
        )
        .execution_options(synchronize_session=False)
    )
    await announce(session)
    return True


def stages_of(claim: Claim, report: JudgeReport, finished_at: datetime) -> dict[str, float]:
    """Milliseconds by stage: waiting in the queue, the engine's own stages, and all of it from claim to result."""
    return {
        "queue": _milliseconds(claim.started_at - claim.created_at),
        **report.timing.stages,
        "judging": _milliseconds(finished_at - claim.started_at),
    }


def _milliseconds(span: timedelta) -> float:
    return round(span.total_seconds() * 1000, 3)


async def give_back(session: AsyncSession, claim: Claim, fault: str) -> State | None:
    """After a fault of ours: back to the queue, or ``judge_error`` after the last attempt. None when fenced off."""
    if claim.attempt >= MAX_ATTEMPTS:
        statement = _mine(claim).values(**_given_up(fault))
    else:
        statement = _mine(claim).values(state=State.QUEUED, lease_until=None, fault=fault)
    row = (await session.execute(statement.returning(Judging.state))).one_or_none()
    if row is None:
        return None
    state: State = row.state
    if state is State.DONE:
        await _say_judge_error(session, [claim.submission_id])
    await announce(session)
    return state


async def end_leases(session: AsyncSession, worker: str) -> None:
    """Ends the leases of a worker known to be dead, for ``recover`` to find."""
    await session.execute(
        update(Judging)
        .where(RUNNING, Judging.worker == worker)
        .values(lease_until=BEGINNING)
        .execution_options(synchronize_session=False)
    )


async def recover(session: AsyncSession, *, at: datetime | None = None) -> int:
    """Gives back every judging whose lease has ended: its worker died. Returns how many."""
    ended = (RUNNING, Judging.lease_until < (at or now()))
    lost = "The worker that ran this was lost."
    given_up = await session.execute(
        update(Judging)
        .where(*ended, Judging.attempt >= MAX_ATTEMPTS)
        .values(**_given_up(func.coalesce(Judging.fault, lost)))
        .returning(Judging.submission_id)
        .execution_options(synchronize_session=False)
    )
    submission_ids = list(given_up.scalars())
    given_back = await session.execute(
        update(Judging)
        .where(*ended)
        .values(state=State.QUEUED, lease_until=None, fault=lost)
        .returning(Judging.id)
        .execution_options(synchronize_session=False)
    )
    count = len(submission_ids) + len(given_back.all())
    if submission_ids:
        await _say_judge_error(session, submission_ids)
    if count:
        await announce(session)
    return count


def _given_up(fault: object) -> dict[str, object]:
    return {
        "state": State.DONE, "lease_until": None, "finished_at": now(), "verdict": Verdict.JUDGE_ERROR, "fault": fault
    }  # fmt: skip


async def _say_judge_error(session: AsyncSession, submission_ids: Sequence[int]) -> None:
    await session.execute(
        update(Submission)
        .where(Submission.id.in_(submission_ids))
        .values(verdict=Verdict.JUDGE_ERROR, score=None, sort_score=-1.0)
        .execution_options(synchronize_session=False)
    )
