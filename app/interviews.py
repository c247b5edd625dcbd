"""What an interviewer does around submissions: inviting candidates, writing notes, deciding."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app import wording
from app.auth import end_sessions, hash_secret
from app.errors import BadRequest, Conflict, Gone, NotFound
from app.models import Candidate, Decision, Interviewer, Invitation, LoginSession, Note, Outcome, ReplacedLink, now
from judge import problem as problems

MAX_NAME = 200
MAX_NOTE = 10_000
MAX_DAYS = 365
CONVENTIONS = ("biased", "unbiased")


@dataclass(frozen=True)
class NewInvitation:
    """An invitation and the secret part of its link, which is not stored: show it now or make a new one."""

    invitation: Invitation
    secret: str


async def invite(
    session: AsyncSession,
    interviewer: Interviewer,
    candidate_name: str,
    problem_slugs: Sequence[str],
    *,
    days: float,
    accept: str | None = None,
    candidate_id: int | None = None,
    secret: str | None = None,
) -> NewInvitation:
    """A link for a new candidate, or for the known one of ``candidate_id``, made of ``secret`` or of chance; raises
    ``BadRequest``."""
    slugs = list(dict.fromkeys(problem_slugs))
    if not slugs or not set(slugs) <= set(problems.slugs()):
        raise BadRequest("Choose one or more of the problems there are.")
    if not 0 < days <= MAX_DAYS:
        raise BadRequest(f"An invitation lasts up to {MAX_DAYS} days.")
    if accept is not None and accept not in CONVENTIONS:
        raise BadRequest("The running variance is pinned to biased or unbiased, or left open.")
    candidate = await _candidate_for(session, candidate_name, candidate_id)
    secret = secret or secrets.token_urlsafe(24)
    invitation = Invitation(
        candidate_id=candidate.id, interviewer_id=interviewer.id, link_hash=hash_secret(secret),
        problems=slugs, accept=accept, expires_at=now() + timedelta(days=days), candidate=candidate,
    )  # fmt: skip
    session.add(invitation)
    await session.flush()
    return NewInvitation(invitation, secret)


async def _candidate_for(session: AsyncSession, name: str, candidate_id: int | None) -> Candidate:
    if candidate_id is not None:
        return await get_candidate(session, candidate_id)
    name = wording.tidy(name)
    if not wording.shows(name):
        raise BadRequest("Write the candidate's name.")
    if len(name) > MAX_NAME:
        raise BadRequest(f"A candidate's name has at most {MAX_NAME} characters.")
    if not wording.is_one_line(name):
        raise BadRequest("The name holds a control character; type it anew.")
    candidate = Candidate(name=name)
    session.add(candidate)
    await session.flush()
    return candidate


async def renew_link(session: AsyncSession, invitation_id: int, *, secret: str | None = None) -> NewInvitation:
    """A new secret for an invitation whose link was lost; the old link ends, and with it whoever came in by it. Raises
    ``Conflict`` on a closed one."""
    invitation = await get_invitation(session, invitation_id)
    if not invitation.is_open(now()):
        raise Conflict("This invitation has ended; invite the candidate again.")
    secret = secret or secrets.token_urlsafe(24)
    session.add(ReplacedLink(link_hash=invitation.link_hash, invitation_id=invitation_id))
    invitation.link_hash = hash_secret(secret)
    await end_sessions(session, LoginSession.invitation_id == invitation_id)
    return NewInvitation(invitation, secret)


async def revoke(session: AsyncSession, invitation_id: int) -> Invitation:
    """Ends an invitation now: its link, and the sessions of a candidate who is already in."""
    invitation = await get_invitation(session, invitation_id)
    invitation.revoked_at = invitation.revoked_at or now()
    await end_sessions(session, LoginSession.invitation_id == invitation_id)
    return invitation


async def reopen(session: AsyncSession, invitation_id: int) -> Invitation:
    """Takes a withdrawal back; what the invitation's end closed stays closed."""
    invitation = await get_invitation(session, invitation_id)
    invitation.revoked_at = None
    return invitation


async def follow_link(
    session: AsyncSession, secret: str, *, to_enter: bool = False, at: datetime | None = None
) -> Invitation:
    """The open invitation of a link, with its candidate; raises ``NotFound`` or ``Gone``. Whoever follows it to enter
    keeps it as it is until their transaction has ended."""
    query = select(Invitation).where(Invitation.link_hash == hash_secret(secret))
    if to_enter:
        query = query.with_for_update(of=Invitation, key_share=True)
    invitation: Invitation | None = await session.scalar(query.options(joinedload(Invitation.candidate)))
    if invitation is None and await ended(session, secret) is None:
        raise NotFound("This invitation link is not known; check that it was copied whole.")
    if invitation is None:
        raise Gone("A newer link has replaced this one; ask your interviewer for it.")
    if not invitation.is_open(at or now()):
        raise Gone("This invitation has ended; ask your interviewer for a new link.")
    return invitation


async def ended(session: AsyncSession, secret: str) -> Invitation | None:
    """The invitation, with its interviewer, of a link that leads nowhere: its own, or one that a newer replaced."""
    link = hash_secret(secret)
    replaced = select(ReplacedLink.invitation_id).where(ReplacedLink.link_hash == link).scalar_subquery()
    query = select(Invitation).where(or_(Invitation.link_hash == link, Invitation.id == replaced))
    found: Invitation | None = await session.scalar(query.options(joinedload(Invitation.interviewer)))
    return found


async def get_invitation(session: AsyncSession, invitation_id: int) -> Invitation:
    found: Invitation | None = await session.scalar(
        select(Invitation).where(Invitation.id == invitation_id).options(joinedload(Invitation.candidate))
    )
    if found is None:
        raise NotFound("There is no such invitation.")
    return found


async def invitations(
    session: AsyncSession, *, before: int | None = None, limit: int = 50
) -> tuple[Sequence[Invitation], int | None]:
    """Invitations with their candidates and interviewers, newest first; and before which number the next ones are,
    None at the end."""
    rows = (await session.scalars(invitations_query(before, limit))).all()
    shown = rows[:limit]
    return shown, shown[-1].id if len(rows) > limit else None


def invitations_query(before: int | None, limit: int) -> Select[Invitation]:
    query = select(Invitation).options(joinedload(Invitation.candidate), joinedload(Invitation.interviewer))
    if before is not None:
        query = query.where(Invitation.id < before)
    return query.order_by(Invitation.id.desc()).limit(limit + 1)


async def get_candidate(session: AsyncSession, candidate_id: int) -> Candidate:
    found = await session.get(Candidate, candidate_id)
    if found is None:
        raise NotFound("There is no such candidate.")
    return found


async def candidates(session: AsyncSession, *, name_begins: str = "", limit: int = 200) -> Sequence[Candidate]:
    """Invited candidates by name, for a filter's choices; guests have no name worth choosing."""
    return (await session.scalars(candidates_query(name_begins, limit))).all()


def candidates_query(name_begins: str, limit: int) -> Select[Candidate]:
    query = select(Candidate).where(Candidate.guest.is_(False)).order_by(Candidate.name, Candidate.id)
    if name_begins:
        query = query.where(Candidate.name >= name_begins, Candidate.name < name_begins + "\U0010ffff")
    return query.limit(limit)


async def add_note(session: AsyncSession, submission_id: int, interviewer: Interviewer, text: str) -> Note:
    """Raises ``BadRequest`` on an empty or endless note."""
    text = text.strip()
    if not text:
        raise BadRequest("Write the note first.")
    if len(text) > MAX_NOTE:
        raise BadRequest(f"A note has at most {MAX_NOTE} characters; shorten it or write two.")
    note = Note(submission_id=submission_id, interviewer_id=interviewer.id, text=text, interviewer=interviewer)
    session.add(note)
    await session.flush()
    return note


async def notes(session: AsyncSession, submission_id: int) -> Sequence[Note]:
    rows = await session.scalars(
        select(Note).where(Note.submission_id == submission_id).order_by(Note.id).options(joinedload(Note.interviewer))
    )
    return rows.all()


async def decide(
    session: AsyncSession, submission_id: int, interviewer: Interviewer, outcome: str, reason: str = ""
) -> Decision:
    """Adds a decision; the newest counts, the older ones stay to be read. Raises ``BadRequest``."""
    if outcome not in list(Outcome):
        raise BadRequest("Decide to advance, hold or reject.")
    if len(reason) > MAX_NOTE:
        raise BadRequest(f"A reason has at most {MAX_NOTE} characters.")
    decision = Decision(
        submission_id=submission_id, interviewer_id=interviewer.id, outcome=Outcome(outcome),
        reason=reason.strip(), interviewer=interviewer,
    )  # fmt: skip
    session.add(decision)
    await session.flush()
    return decision


async def decisions(session: AsyncSession, submission_id: int) -> Sequence[Decision]:
    """Newest first."""
    rows = await session.scalars(
        select(Decision)
        .where(Decision.submission_id == submission_id)
        .order_by(Decision.id.desc())
        .options(joinedload(Decision.interviewer))
    )
    return rows.all()
