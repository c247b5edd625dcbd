"""Who is asking: passwords, browser sessions, invitation links and API tokens, and the dependencies that read them."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from fastapi import Depends, Request, Response
from fastapi.security import HTTPBearer
from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload
from starlette.requests import HTTPConnection

from app.config import Settings
from app.database import Database, Session
from app.errors import Conflict, Unauthorized
from app.models import ApiToken, Candidate, Interviewer, Invitation, LoginSession, Scope, SentForm, now

TOKEN_PREFIX = "hc_"  # noqa: S105 - the visible part of every token, so that a leaked one is recognised
INTERVIEWER_COOKIE = "handcode_interviewer"
CANDIDATE_COOKIE = "handcode_candidate"
"""Two cookies: an interviewer who opens an invitation to look at it stays signed in."""

GUEST_DAYS = 30
READING_DAYS = 7
"""For so long after an invitation's end its candidate may read what they sent. With a session that ends at the same
second, whoever submits a moment late meets a page that does not know them."""

FORM_DAYS = 30
"""A form that is older makes a second thing when it is sent again."""

_hasher = PasswordHasher()


@dataclass(frozen=True)
class CandidateAccess:
    """A candidate at the browser; ``invitation`` is None for a guest of the open practice."""

    candidate: Candidate
    invitation: Invitation | None


@dataclass(frozen=True)
class TokenAccess:
    """CI with the API token ``id``; with the staff scope it sees what is not its own."""

    id: int
    is_staff: bool


def hash_secret(secret: str) -> str:
    """SHA-256 is enough for what we made from 32 random bytes; only passwords need argon2."""
    return hashlib.sha256(secret.encode()).hexdigest()


# Passwords -----------------------------------------------------------------------------------------------------------


async def hash_password(password: str) -> str:
    return await asyncio.to_thread(_hasher.hash, password)


async def _password_matches(password_hash: str, password: str) -> bool:
    try:
        return await asyncio.to_thread(_hasher.verify, password_hash, password)
    except VerificationError:
        return False


@functools.cache
def _hash_of_nobody() -> str:
    """Checked when no such name exists, so that a wrong name takes as long as a wrong password."""
    return _hasher.hash(secrets.token_hex(16))


async def create_interviewer(database: Database, name: str, password: str) -> Interviewer:
    """Raises ``Conflict`` when the name is taken."""
    password_hash = await hash_password(password)
    async with database.writing() as session:
        if await session.scalar(select(Interviewer.id).where(Interviewer.name == name)) is not None:
            raise Conflict(f"There is already an interviewer named {name}.")
        interviewer = Interviewer(name=name, password_hash=password_hash)
        session.add(interviewer)
    return interviewer


# Browser sessions ----------------------------------------------------------------------------------------------------


async def sign_in(database: Database, name: str, password: str, *, hours: float) -> str:
    """Opens an interviewer's session and returns the cookie's value; raises ``Unauthorized``.

    Takes the database, not the request's session: SQLite's write lock is not held for the 119 ms of an argon2 hash.
    """
    async with database.reading() as session:
        interviewer = await session.scalar(select(Interviewer).where(Interviewer.name == name))
    known_hash = interviewer.password_hash if interviewer else await asyncio.to_thread(_hash_of_nobody)
    matches = await _password_matches(known_hash, password)
    if interviewer is None or not matches or interviewer.disabled_at is not None:
        raise Unauthorized("This name and password do not belong together.")
    async with database.writing() as session:
        await session.execute(delete(LoginSession).where(LoginSession.expires_at < now()))
        await session.execute(delete(SentForm).where(SentForm.created_at < now() - timedelta(days=FORM_DAYS)))
        return _open_session(session, hours, interviewer_id=interviewer.id)


async def admit_candidate(session: AsyncSession, invitation: Invitation) -> str:
    """Opens the session of an invited candidate and returns the cookie's value."""
    if invitation.opened_at is None:
        invitation.opened_at = now()
    hours = candidate_hours(invitation)
    return _open_session(session, hours, candidate_id=invitation.candidate_id, invitation_id=invitation.id)


def candidate_hours(invitation: Invitation) -> float:
    """How long a session opened now with this invitation lasts."""
    return (invitation.expires_at - now()).total_seconds() / 3600 + READING_DAYS * 24


async def admit_guest(session: AsyncSession, name: str = "Guest") -> tuple[Candidate, str]:
    """A new guest of the open practice and the cookie's value."""
    candidate = Candidate(name=name, guest=True)
    session.add(candidate)
    await session.flush()
    return candidate, _open_session(session, GUEST_DAYS * 24, candidate_id=candidate.id)


async def sign_out(session: AsyncSession, cookie: str) -> None:
    await session.execute(delete(LoginSession).where(LoginSession.id_hash == hash_secret(cookie)))


def _open_session(session: AsyncSession, hours: float, **owner: int) -> str:
    cookie = secrets.token_urlsafe(32)
    session.add(LoginSession(id_hash=hash_secret(cookie), expires_at=now() + timedelta(hours=hours), **owner))
    return cookie


def cookie_name(settings: Settings, base: str) -> str:
    """``__Host-`` keeps a sibling domain from planting a cookie, but browsers accept it over https only."""
    return f"__Host-{base}" if settings.https else base


def set_cookie(response: Response, settings: Settings, base: str, value: str, *, hours: float) -> None:
    response.set_cookie(
        cookie_name(settings, base), value, max_age=int(hours * 3600), path="/",
        secure=settings.https, httponly=True, samesite="lax",
    )  # fmt: skip


def delete_cookie(response: Response, settings: Settings, base: str) -> None:
    response.delete_cookie(cookie_name(settings, base), path="/", secure=settings.https, httponly=True, samesite="lax")


def read_cookie(request: Request, base: str) -> str | None:
    return request.cookies.get(cookie_name(request.app.state.settings, base))


async def find_interviewer(request: Request, session: Session) -> Interviewer | None:
    """The interviewer signed in at this browser, if any."""
    opened = await _find_session(session, read_cookie(request, INTERVIEWER_COOKIE))
    interviewer = opened.interviewer if opened else None
    if interviewer is None or interviewer.disabled_at is not None:
        return None
    request.state.interviewer = interviewer.name  # for the frame around an error of this request
    return interviewer


async def interviewer_of(session: AsyncSession, cookie: str) -> Interviewer:
    """Whose session this cookie opens; raises ``Unauthorized``."""
    opened = await _find_session(session, cookie)
    if opened is None or opened.interviewer is None:
        raise Unauthorized("Sign in as an interviewer to see this page.")
    return opened.interviewer


async def find_candidate(request: Request, session: Session) -> CandidateAccess | None:
    """The candidate at this browser, if any. Whether the invitation is still open is asked when they submit: they
    may look at what they sent after it has ended."""
    opened = await _find_session(session, read_cookie(request, CANDIDATE_COOKIE))
    if opened is None or opened.candidate is None:
        return None
    return CandidateAccess(opened.candidate, opened.invitation)


async def _find_session(session: AsyncSession, cookie: str | None) -> LoginSession | None:
    if not cookie:
        return None
    opened: LoginSession | None = await session.scalar(
        select(LoginSession)
        .where(LoginSession.id_hash == hash_secret(cookie), LoginSession.expires_at > now())
        .options(
            joinedload(LoginSession.interviewer),
            joinedload(LoginSession.candidate),
            joinedload(LoginSession.invitation),
        )
    )
    return opened


MaybeInterviewer = Annotated[Interviewer | None, Depends(find_interviewer)]
MaybeCandidate = Annotated[CandidateAccess | None, Depends(find_candidate)]


async def require_interviewer(request: Request, interviewer: MaybeInterviewer) -> Interviewer:
    if interviewer is None:
        if request.method == "POST":
            # The sign-in page carries what was typed along: the session may have ended in the middle of a note.
            fields = await request.form()
            request.state.typed = {
                name: [value for value in fields.getlist(name) if isinstance(value, str)]
                for name in fields
                if name != "once"
            }
        raise Unauthorized("Sign in as an interviewer to see this page.")
    return interviewer


CurrentInterviewer = Annotated[Interviewer, Depends(require_interviewer)]


# API tokens ----------------------------------------------------------------------------------------------------------


async def create_token(
    session: AsyncSession, name: str, scopes: list[Scope] | None = None, *, secret: str | None = None
) -> tuple[ApiToken, str]:
    """The token's row and the token itself, which is not stored; made of ``secret`` or of chance."""
    secret = TOKEN_PREFIX + (secret or secrets.token_urlsafe(32))
    token = ApiToken(name=name, prefix=secret[:10], sha256=hash_secret(secret), scopes=[*(scopes or [Scope.SUBMIT])])
    session.add(token)
    await session.flush()
    return token, secret


class TokenBearer(HTTPBearer):
    """The API token of a request; raises ``Unauthorized``.

    Is the scheme that OpenAPI shows and looks the token up as well, one dependency for FastAPI to solve instead of two.
    Looked up before the request's own transaction begins: a stranger must not come as far as the write lock.
    """

    async def __call__(self, request: HTTPConnection) -> TokenAccess:  # type: ignore[override] # ours says who it is
        challenge = {"WWW-Authenticate": "Bearer"}
        credentials = await super().__call__(request)
        if credentials is None:
            raise Unauthorized("Send an API token: Authorization: Bearer hc_…", headers=challenge)
        access = await find_token(request.app.state.database, credentials.credentials)
        if access is None:
            raise Unauthorized("This API token is unknown or revoked.", headers=challenge)
        return access


require_token = TokenBearer(scheme_name="HTTPBearer", auto_error=False, description="An API token: hc_…")

_FIND_TOKEN = select(ApiToken.id, ApiToken.scopes).where(
    ApiToken.sha256 == bindparam("hash"), ApiToken.revoked_at.is_(None)
)


async def find_token(database: Database, secret: str) -> TokenAccess | None:
    """What this token opens; None when it is unknown or revoked."""
    hashed = hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
    row = await database.row(_FIND_TOKEN, hash=hashed)
    return TokenAccess(row.id, is_staff=Scope.STAFF in row.scopes) if row else None


CurrentToken = Annotated[TokenAccess, Depends(require_token)]
