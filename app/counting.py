"""The numbers that pages say about submissions and invitations, each computed over all the rows it speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.database import Transaction
from app.models import Invitation, Kind, Submission
from app.submissions import Filters, submitted
from judge.report import Verdict

MANY = 10_000
"""Counted as far as this, a few milliseconds of an index: beyond it, "more than" serves a reader as well."""


@dataclass(frozen=True)
class Total:
    """How often someone ran or submitted code for a problem, and the best that was submitted."""

    count: int
    best: Best | None


@dataclass(frozen=True)
class Best:
    """The submission with the most points; of several, the last."""

    id: int
    score: float
    verdict: Verdict


async def totals(session: AsyncSession, candidate_id: int) -> dict[tuple[str, Kind], Total]:
    """For each problem and kind that this candidate has sent."""
    rows = (await session.execute(totals_query(candidate_id))).all()
    return {
        (row.problem, row.kind): Total(
            row.count, None if row.score is None else Best(row.id, row.score, row.verdict)
        )
        for row in rows
    }  # fmt: skip


def totals_query(candidate_id: int) -> Select[Any]:
    """One row for each problem and kind: the best, and how many there are."""
    together = (Submission.problem, Submission.kind)
    place = func.row_number().over(
        partition_by=together, order_by=(Submission.sort_score.desc(), Submission.id.desc())
    )  # fmt: skip
    ranked = (
        select(
            Submission.id, *together, Submission.score, Submission.verdict, place.label("place"),
            func.count().over(partition_by=together).label("count"),
        )
        .where(Submission.candidate_id == candidate_id)
        .subquery()
    )  # fmt: skip
    return select(ranked).where(ranked.c.place == 1)


async def numbers(session: AsyncSession, ids: Sequence[int]) -> dict[int, int]:
    """Which run or submission of its candidate and problem each of these is, from 1 on; nothing of what CI sent."""
    return {row.id: row.number for row in await session.execute(numbers_query(ids))}


def number(transaction: Transaction, submission_id: int) -> int:
    """``numbers`` of one, in the transaction that makes it."""
    found: int = transaction.execute(_NUMBER, {"submission": submission_id}).one().number
    return found


def numbers_query(ids: Sequence[Any]) -> Select[Any]:
    earlier = aliased(Submission)
    number = (
        select(func.count())
        .where(
            earlier.candidate_id == Submission.candidate_id,
            earlier.problem == Submission.problem,
            earlier.kind == Submission.kind,
            earlier.id <= Submission.id,
        )
        .correlate(Submission)
        .scalar_subquery()
    )
    return select(Submission.id, number.label("number")).where(
        Submission.id.in_(ids), Submission.candidate_id.is_not(None)
    )


_NUMBER = numbers_query([bindparam("submission")])


async def count_submitted(session: AsyncSession, filters: Filters) -> int:
    """How many submissions (no runs) pass the filters, counted as far as ``MANY`` and one more."""
    return await session.scalar(submitted_query(filters)) or 0


def submitted_query(filters: Filters) -> Select[Any]:
    return _counted(submitted(select(Submission.id), filters))


async def count_invitations(session: AsyncSession) -> int:
    """How many invitations there are, counted as far as ``MANY`` and one more."""
    return await session.scalar(_counted(select(Invitation.id))) or 0


def _counted(query: Select[Any]) -> Select[Any]:
    return select(func.count()).select_from(query.limit(MANY + 1).subquery())
