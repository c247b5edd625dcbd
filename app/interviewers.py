"""Interviewers' accounts: made, given another password, disabled and enabled again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import wording
from app.auth import end_sessions
from app.database import Database
from app.errors import BadRequest, Conflict, NotFound
from app.models import Interviewer, LoginSession, now
from app.passwords import check_password, hash_password

MAX_NAME = 100


async def create(database: Database, name: str, password: str) -> Interviewer:
    """Raises ``BadRequest``, or ``Conflict`` when the name is taken.

    Takes the database, not a session: SQLite's write lock is not held for the time of a hash.
    """
    name = wording.tidy(name)
    if not wording.shows(name) or not wording.is_one_line(name) or len(name) > MAX_NAME:
        raise BadRequest(f"An interviewer's name has 1 to {MAX_NAME} characters and no control characters.")
    password_hash = await hash_password(check_password(password))
    async with database.writing() as session:
        if await session.scalar(select(Interviewer.id).where(Interviewer.name == name)) is not None:
            raise Conflict(f"There is already an interviewer named {name}.")
        interviewer = Interviewer(name=name, password_hash=password_hash)
        session.add(interviewer)
    return interviewer


async def get(session: AsyncSession, number: int, *, to_change: bool = False) -> Interviewer:
    """Raises ``NotFound``. Whoever means to change it is the only one until their transaction has ended."""
    found = await session.get(Interviewer, number, with_for_update=to_change or None)
    if found is None:
        raise NotFound("There is no such interviewer.")
    return found


async def find(session: AsyncSession, name: str) -> Interviewer:
    """The interviewer of that name; raises ``NotFound``."""
    found: Interviewer | None = await session.scalar(select(Interviewer).where(Interviewer.name == name))
    if found is None:
        raise NotFound(f"There is no interviewer named {name}.")
    return found


async def everyone(session: AsyncSession) -> Sequence[Interviewer]:
    """By name."""
    return (await session.scalars(select(Interviewer).order_by(Interviewer.name))).all()


async def set_password(session: AsyncSession, number: int, password_hash: str, *, but: str | None = None) -> None:
    """Another password, which ends every session of theirs but that of the cookie ``but``."""
    (await get(session, number)).password_hash = password_hash
    await end_sessions(session, LoginSession.interviewer_id == number, but=but)


async def disable(session: AsyncSession, number: int) -> None:
    """Ends someone's sessions and keeps them from signing in; raises ``Conflict`` for the last one who can."""
    interviewer = await get(session, number)
    if interviewer.disabled_at is None:
        await require_another(session, number)
        interviewer.disabled_at = now()
    await end_sessions(session, LoginSession.interviewer_id == number)


async def require_another(session: AsyncSession, number: int) -> None:
    """Raises ``Conflict`` when nobody but this one can sign in."""
    # Held until the transaction ends: two who disable each other at one moment would leave nobody.
    able = select(Interviewer.id).where(Interviewer.disabled_at.is_(None)).order_by(Interviewer.id)
    if set(await session.scalars(able.with_for_update(key_share=True))) <= {number}:
        raise Conflict("Nobody else can sign in; enable or add another interviewer first.")


async def enable(session: AsyncSession, number: int) -> None:
    (await get(session, number)).disabled_at = None
