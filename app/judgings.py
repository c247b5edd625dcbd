"""What becomes of a judging: claimed, kept alive, finished, given back. Every change is fenced by the attempt.

Times are the database's (``app/clock.py``), whose clock all workers share; what something took is measured here. The
names of mistakes are written later: ``app/names.py``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Float, Update, and_, bindparam, func, insert, literal_column, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from app import turns
from app.clock import database_now
from app.database import Transaction
from app.models import Device, DiagnosesState, Judging, Kind, Report, State, Submission
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
UNNAMED = and_(
    Judging.state == literal_column(f"'{State.DONE}'"),
    Judging.diagnoses_state == literal_column(f"'{DiagnosesState.PENDING}'"),
)
# Written out, not bound: SQLite uses a partial index only where it can read its condition in the query itself.


def claim_next(transaction: Transaction, worker: str, queues: Sequence[Device], lease: timedelta) -> Claim | None:
    """Takes the judging of ``queues`` whose turn it is, or None: one compare-and-set that raises the attempt."""
    values = {"by": worker, "lease_seconds": lease.total_seconds()}
    for queue in queues:
        row = transaction.execute(CLAIM, {"wanted": queue, **values}).one_or_none()
        if row is not None:
            announce(transaction)
            return Claim(**row._mapping)
    return None


# Statements on the way of every verdict are built once: building one costs more than SQLite takes to run it.

# ``SKIP LOCKED`` is PostgreSQL's; on SQLite a writer is alone anyway and the clause is not rendered.
_FIRST = (
    select(Judging.id)
    .where(QUEUED, Judging.queue == bindparam("wanted"))
    .order_by(Judging.place, Judging.id)
    .limit(literal_column("1"))
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
A_CLAIM = (
    Judging.id.label("judging_id"), Judging.attempt, Judging.submission_id, Judging.seed, Judging.created_at,
    Judging.started_at, Judging.owner,
    *(
        # SQLite returns columns of no other table, but what a query finds.
        select(column).where(Submission.id == Judging.submission_id).correlate(Judging).scalar_subquery()
        .label(column.key)
        for column in (Submission.problem, Submission.code, Submission.kind, Submission.device, Submission.accept)
    ),
)  # fmt: skip
CLAIM = (
    update(Judging)
    .where(Judging.id == _FIRST, QUEUED)
    .values(
        state=State.RUNNING,
        attempt=Judging.attempt + 1,
        worker=bindparam("by"),
        started_at=database_now(),
        lease_until=database_now(bindparam("lease_seconds", type_=Float)),
    )
    .returning(*A_CLAIM)
    .execution_options(synchronize_session=False)
)
# The fence: touches the row only while it is running this very attempt.
_MINE = (Judging.id == bindparam("judging"), Judging.attempt == bindparam("claimed_attempt"), RUNNING)
_FINISH = (
    update(Judging)
    .where(*_MINE)
    .values(
        state=State.DONE,
        diagnoses_state=bindparam("names"),
        lease_until=database_now(bindparam("lease_seconds", type_=Float)),  # of no seconds there is none
        fault=None,
        finished_at=database_now(),
        verdict=bindparam("its_verdict"),
        score=bindparam("its_score"),
        seed=bindparam("its_seed"),
        problem_version=bindparam("version"),
        stages_ms=bindparam("stages"),
    )
    .returning(Judging.id)
    .execution_options(synchronize_session=False)
)
_INSERT_REPORT = insert(Report)
_SHOW_RESULT = (
    update(Submission)
    .where(Submission.id == bindparam("submission"))
    .values(
        verdict=bindparam("its_verdict"),
        score=bindparam("its_score"),
        sort_score=bindparam("its_sort_score"),
        max_score=func.coalesce(bindparam("its_max_score"), Submission.max_score),
    )
    .execution_options(synchronize_session=False)
)
ANY_QUEUED = f"SELECT 1 FROM judgings WHERE state = '{State.QUEUED}' LIMIT 1"  # noqa: S608 - our own word
"""Whether there is work, as SQL: what wakes a worker."""


def _fence(claim: Claim) -> dict[str, Any]:
    return {"judging": claim.judging_id, "claimed_attempt": claim.attempt}


def mine(claim: Claim, state: ColumnElement[bool] = RUNNING) -> Update:
    return (
        update(Judging)
        .where(Judging.id == claim.judging_id, Judging.attempt == claim.attempt, state)
        .execution_options(synchronize_session=False)
    )


def keep(transaction: Transaction, claims: Sequence[Claim], lease: timedelta) -> None:
    """Prolongs the leases of judgings in work, for their verdict or for their names."""
    for claim in claims:
        transaction.execute(mine(claim, or_(RUNNING, UNNAMED)).values(lease_until=database_now(lease.total_seconds())))


def finish(transaction: Transaction, claim: Claim, report: JudgeReport, names_lease: timedelta | None = None) -> bool:
    """Writes the result; False when this attempt is no longer the one that counts, and nothing was written.

    ``names_lease`` says that there are mistakes to name, by this attempt, and for how long others leave them to it.
    """
    scored = claim.kind is Kind.SUBMIT
    result = {"its_verdict": report.verdict, "its_score": report.score if scored else None}
    written = transaction.execute(
        _FINISH,
        {
            **_fence(claim),
            **result,
            "names": DiagnosesState.DONE if names_lease is None else DiagnosesState.PENDING,
            "lease_seconds": None if names_lease is None else names_lease.total_seconds(),
            "its_seed": report.seed,
            "version": report.problem_version,
            "stages": stages_of(claim, report),
        },
    )
    if written.one_or_none() is None:
        log.warning("judging %d: the result of attempt %d came too late", claim.judging_id, claim.attempt)
        return False
    body = msgspec.json.encode(report).decode()
    transaction.execute(_INSERT_REPORT, {"judging_id": claim.judging_id, "body": body})
    shown = {"its_sort_score": report.score if scored else -1.0, "its_max_score": report.max_score}
    transaction.execute(_SHOW_RESULT, {"submission": claim.submission_id, **result, **shown})
    turns.pass_on(transaction, claim.owner)
    announce(transaction)
    return True


def finish_and_claim(
    transaction: Transaction,
    claim: Claim,
    report: JudgeReport,
    names_lease: timedelta | None,
    worker: str,
    queues: Sequence[Device],
    lease: timedelta,
) -> tuple[bool, Claim | None]:
    """``finish``, then ``claim_next`` for the slot that this leaves: one commit instead of two, each of which wakes
    everyone who waits."""
    return finish(transaction, claim, report, names_lease), claim_next(transaction, worker, queues, lease)


def stages_of(claim: Claim, report: JudgeReport) -> dict[str, float]:
    """Milliseconds by stage: waiting in the queue, the engine's own stages, and all of it from claim until now."""
    return {
        "queue": round((claim.started_at - claim.created_at).total_seconds() * 1000, 3),
        **report.timing.stages,
        "judging": milliseconds_since(claim.begun),
    }


def milliseconds_since(begun: float) -> float:
    """``begun`` is by the monotonic clock."""
    return round((time.monotonic() - begun) * 1000, 3)


def give_back(transaction: Transaction, claim: Claim, fault: str, *, counts: bool = True) -> State | None:
    """After a fault of ours: back to the queue, or ``judge_error`` after the last attempt. None when fenced off.

    Not ``counts``: nothing was tried, and the attempt is as if it had never been claimed. Its number may come again,
    and nobody else can hold it: an attempt that was lost is never taken off.
    """
    if not counts:
        statement = mine(claim).values(state=State.QUEUED, attempt=Judging.attempt - 1, lease_until=None, fault=fault)
    elif claim.attempt >= MAX_ATTEMPTS:
        statement = mine(claim).values(**_given_up(fault))
    else:
        statement = mine(claim).values(state=State.QUEUED, lease_until=None, fault=fault)
    row = transaction.execute(statement.returning(Judging.state)).one_or_none()
    if row is None:
        return None
    state: State = row.state
    if state is State.DONE:
        _say_judge_error(transaction, [claim.submission_id])
    turns.pass_on(transaction, claim.owner)
    announce(transaction)
    return state


def end_leases(transaction: Transaction, worker: str) -> None:
    """Ends the leases of a worker known to be dead, for ``recover`` and ``names.take_up`` to find."""
    for state in (RUNNING, UNNAMED):  # two statements: each has an index of its own
        transaction.execute(
            update(Judging)
            .where(state, Judging.worker == worker)
            .values(lease_until=BEGINNING)
            .execution_options(synchronize_session=False)
        )


def recover(transaction: Transaction, *, later: timedelta = timedelta(0)) -> int:
    """Gives back every judging whose lease has ended, or will have so much later: its worker died. Returns how many."""
    ended = (RUNNING, Judging.lease_until < database_now(later.total_seconds()))
    lost = "The worker that ran this was lost."
    given_up = transaction.execute(
        update(Judging)
        .where(*ended, Judging.attempt >= MAX_ATTEMPTS)
        .values(**_given_up(func.coalesce(Judging.fault, lost)))
        .returning(Judging.submission_id, Judging.owner)
        .execution_options(synchronize_session=False)
    ).all()
    submission_ids = [row.submission_id for row in given_up]
    given_back = transaction.execute(
        update(Judging)
        .where(*ended)
        .values(state=State.QUEUED, lease_until=None, fault=lost)
        .returning(Judging.owner)
        .execution_options(synchronize_session=False)
    ).all()
    count = len(given_up) + len(given_back)
    for owner in sorted({row.owner for row in (*given_up, *given_back)}):  # in an order, since each is locked
        turns.pass_on(transaction, owner)
    if submission_ids:
        _say_judge_error(transaction, submission_ids)
    if count:
        announce(transaction)
    return count


def _given_up(fault: object) -> dict[str, object]:
    return {
        "state": State.DONE, "diagnoses_state": DiagnosesState.DONE, "lease_until": None,
        "finished_at": database_now(), "verdict": Verdict.JUDGE_ERROR, "fault": fault,
    }  # fmt: skip


def _say_judge_error(transaction: Transaction, submission_ids: Sequence[int]) -> None:
    transaction.execute(
        update(Submission)
        .where(Submission.id.in_(submission_ids))
        .values(verdict=Verdict.JUDGE_ERROR, score=None, sort_score=-1.0)
        .execution_options(synchronize_session=False)
    )
