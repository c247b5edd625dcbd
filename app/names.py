"""The second write of a judging: the names of its mistakes, fenced by the attempt like the verdict before it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import msgspec
from sqlalchemy import Float, bindparam, literal_column, select, update

from app.clock import database_now
from app.database import Transaction
from app.judgings import A_CLAIM, MAX_ATTEMPTS, UNNAMED, mine
from app.models import Device, DiagnosesState, Judging, Report, State
from app.queue import Claim
from app.queue.changes import announce
from judge.report import Report as JudgeReport
from judge.words import NAMES_LOST

MAX_NAMING_ATTEMPTS = 2 * MAX_ATTEMPTS
"""As many for the names as for the verdict, whose attempts count here."""

log = logging.getLogger(__name__)

ANY_LEFT = (
    f"SELECT 1 FROM judgings WHERE state = '{State.DONE}' "  # noqa: S608 - our own words
    f"AND diagnoses_state = '{DiagnosesState.PENDING}' AND lease_until < CURRENT_TIMESTAMP LIMIT 1"
)
"""Whether names are to be found that nobody is looking for any more, as SQL."""

_LOST_FIRST = (
    select(Judging.id)
    .where(
        UNNAMED,
        Judging.queue == bindparam("wanted"),
        Judging.lease_until < database_now(bindparam("later", type_=Float)),
    )
    .order_by(Judging.lease_until)
    .limit(literal_column("1"))
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
TAKE_UP = (
    update(Judging)
    .where(Judging.id == _LOST_FIRST, UNNAMED)
    .values(
        attempt=Judging.attempt + 1,
        worker=bindparam("by"),
        lease_until=database_now(bindparam("lease_seconds", type_=Float)),
    )
    .returning(*A_CLAIM)
    .execution_options(synchronize_session=False)
)


def take_up(
    transaction: Transaction, worker: str, queue: Device, lease: timedelta, *, later: timedelta = timedelta(0)
) -> Claim | None:
    """Takes over a judging whose names nobody is looking for any more, or would be so much later.

    Its worker died or was told to stop. What takes worker after worker along ends without names; the verdict has long
    been told.
    """
    values = {"by": worker, "lease_seconds": lease.total_seconds(), "later": later.total_seconds()}
    found = transaction.execute(TAKE_UP, {"wanted": queue, **values}).one_or_none()
    if found is None:
        return None
    claim = Claim(**found._mapping)
    if claim.attempt <= MAX_NAMING_ATTEMPTS:
        return claim
    log.error("judging %d stays without names after %d attempts", claim.judging_id, claim.attempt - 1)
    attach(transaction, claim, None)
    return None


def leave(transaction: Transaction, claim: Claim, pause: timedelta) -> None:
    """Gives the search for names up, after a fault of ours: ``take_up`` finds it after ``pause``."""
    transaction.execute(mine(claim, UNNAMED).values(lease_until=database_now(pause.total_seconds())))


_BODY = select(Report.body).where(Report.judging_id == Judging.id).correlate(Judging).scalar_subquery()


def attach(transaction: Transaction, claim: Claim, named: JudgeReport | None) -> bool:
    """The second write of a judging: puts the names that ``named`` holds into the report. False when fenced off.

    Should ``named`` come from a second run, it must have come out as the first did; if not, or with None, the report
    says that there are no names.
    """
    row = transaction.execute(
        mine(claim, UNNAMED)
        .values(diagnoses_state=DiagnosesState.DONE, lease_until=None)
        .returning(Judging.stages_ms, _BODY)
    ).one_or_none()
    if row is None:
        log.warning("judging %d: the names of attempt %d came too late", claim.judging_id, claim.attempt)
        return False
    stages, body = row
    report = JudgeReport.from_json(body)
    if named is None or _outcome(named) != _outcome(report):
        report = replace(report, diagnosis_note=NAMES_LOST)
    else:
        took = {name: time for name, time in named.timing.stages.items() if name not in report.timing.stages}
        timing = replace(report.timing, stages=report.timing.stages | took)
        report = replace(report, diagnoses=named.diagnoses, diagnosis_note=named.diagnosis_note, timing=timing)
        transaction.execute(
            update(Judging).where(Judging.id == claim.judging_id).values(stages_ms={**(stages or {}), **took})
            .execution_options(synchronize_session=False)
        )  # fmt: skip
    transaction.execute(
        update(Report).where(Report.judging_id == claim.judging_id).values(body=msgspec.json.encode(report).decode())
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    announce(transaction)
    return True


def _outcome(report: JudgeReport) -> object:
    """What must be the same when a run is repeated, if its names are to be those of the first."""
    checks = [(check.id, check.status) for check in report.checks]
    return report.problem_version, report.seed, report.verdict, report.score, checks
