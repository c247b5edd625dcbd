"""Who is asking: browser sessions, invitation links and API tokens, and the dependencies that read them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response
from fastapi.security import HTTPBearer
from sqlalchemy import ColumnElement, Label, Row, bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import make_transient_to_detached
from starlette.requests import HTTPConnection

from app import wording
from app.config import Settings
from app.database import Database, Session, Transaction
from app.errors import BadRequest, Disabled, Forbidden, NotFound, Unauthorized
from app.limits import Attempts
from app.models import ApiToken, Base, Candidate, Interviewer, Invitation, LoginSession, Scope, SentForm, now
from app.passwords import password_matches

TOKEN_PREFIX = "hc_"  # noqa: S105 - the visible part of every token, so that a leaked one is recognised
INTERVIEWER_COOKIE = "handcode_interviewer"
CANDIDATE_COOKIE = "handcode_candidate"
"""Two cookies: an interviewer who opens an invitation to look at it stays signed in."""

GUEST_DAYS = 30
READING_DAYS = 7
"""For so long after an invitation's end its candidate may read what they sent. With a session that ends at the same
second, whoever submits a moment late meets a page that does not know them."""

MAX_TOKEN_NAME = 100
MAX_TOKEN_DAYS = 3650

FORM_DAYS = 30
"""A form that is older makes a second thing when it is sent again."""

Entity = TypeVar("Entity", bound=Base)


@dataclass(frozen=True)
class CandidateAccess:
    """A candidate at the browser; ``invitation`` is None for a guest of the open practice."""

    candidate: Candidate
    invitation: Invitation | None


@dataclass(frozen=True)
class TokenAccess:
    """CI with the API token ``id``; with the staff scope it sees what is not its own."""

    id: int
    scopes: frozenset[str] = frozenset({Scope.SUBMIT})

    @property
    def is_staff(self) -> bool:
        return Scope.STAFF in self.scopes


def hash_secret(secret: str) -> str:
    """SHA-256 is enough for what we made from 32 random bytes; only passwords need argon2."""
    return hashlib.sha256(secret.encode()).hexdigest()


# Browser sessions ----------------------------------------------------------------------------------------------------


async def sign_in(database: Database, name: str, password: str, attempts: Attempts, *, hours: float) -> str:
    """Opens an interviewer's session and returns the cookie's value; raises ``Unauthorized``, ``Disabled`` or
    ``TooManyRequests``.

    Takes the database, not the request's session: SQLite's write lock is not held for the 119 ms of an argon2 hash.
    """
    async with database.reading() as session:
        interviewer = await session.scalar(select(Interviewer).where(Interviewer.name == name))
    matches = await password_matches(interviewer.password_hash if interviewer else None, password, attempts)
    if interviewer is None or not matches:
        raise Unauthorized("This name and password do not belong together.")
    async with database.writing() as session:
        # Asked again: another password or an end of the account may have come meanwhile, and ended every session.
        same = (Interviewer.id == interviewer.id, Interviewer.password_hash == interviewer.password_hash)
        as_before = select(Interviewer.disabled_at).where(*same).with_for_update(read=True)
        now_there = (await session.execute(as_before)).one_or_none()
        if now_there is None:
            raise Unauthorized("This name and password do not belong together.")
        if now_there.disabled_at is not None:
            raise Disabled("This account is disabled. Ask another interviewer to enable it again.")
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


def admit_guest(transaction: Transaction, name: str = "Guest") -> tuple[Candidate, str]:
    """A new guest of the open practice and the cookie's value."""
    values = {"name": name, "guest": True, "created_at": now()}
    candidate = Candidate(id=transaction.execute(_ADD_CANDIDATE, values).scalar_one(), **values)
    cookie = secrets.token_urlsafe(32)
    until = now() + timedelta(days=GUEST_DAYS)
    opened = {"id_hash": hash_secret(cookie), "candidate_id": candidate.id, "created_at": now(), "expires_at": until}
    transaction.execute(_ADD_SESSION, opened)
    return candidate, cookie


_ADD_CANDIDATE = insert(Candidate.metadata.tables["candidates"]).returning(Candidate.id)
_ADD_SESSION = insert(LoginSession.metadata.tables["login_sessions"])
_STILL_OPEN = (
    select(LoginSession.id_hash)
    .where(LoginSession.id_hash == bindparam("hash"))
    .with_for_update(read=True)  # on PostgreSQL whoever ends the session waits until this transaction has ended
)


def require_open_session(transaction: Transaction, cookie: str | None) -> None:
    """Raises ``Unauthorized`` when the session of that cookie was ended since it was looked up: a transaction may have
    waited for its turn."""
    if not cookie or transaction.execute(_STILL_OPEN, {"hash": hash_secret(cookie)}).one_or_none() is None:
        raise Unauthorized("Open your invitation link first.")


async def sign_out(session: AsyncSession, cookie: str) -> None:
    await end_sessions(session, LoginSession.id_hash == hash_secret(cookie))


async def end_sessions(session: AsyncSession, *which: ColumnElement[bool], but: str | None = None) -> None:
    """Ends those sessions now, except that of the cookie ``but``.

    What was changed before is written first: whoever is opening such a session holds that row, and on PostgreSQL is
    waited for there, so that their session is seen here.
    """
    await session.flush()
    kept = () if but is None else (LoginSession.id_hash != hash_secret(but),)
    await session.execute(delete(LoginSession).where(*which, *kept))


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


# Looked up before the request's own transaction begins: a stranger must not come as far as the write lock. And by one
# bare query, since this is on the way of every page: through the unit of work it takes five times as long.


async def find_interviewer(request: Request) -> Interviewer | None:
    """The interviewer signed in at this browser, if any."""
    interviewer = await interviewer_of(request.app.state.database, read_cookie(request, INTERVIEWER_COOKIE))
    if interviewer is not None:
        request.state.interviewer = interviewer.name  # for the frame around an error of this request
    return interviewer


async def find_candidate(request: Request) -> CandidateAccess | None:
    """The candidate at this browser, if any. Whether the invitation is still open is asked when they submit: they
    may look at what they sent after it has ended."""
    return await candidate_of(request.app.state.database, read_cookie(request, CANDIDATE_COOKIE))


async def interviewer_of(database: Database, cookie: str | None) -> Interviewer | None:
    """Whose session this cookie is."""
    row = await database.row(_FIND_INTERVIEWER, hash=hash_secret(cookie), at=now()) if cookie else None
    return _read(Interviewer, row) if row else None


async def candidate_of(database: Database, cookie: str | None) -> CandidateAccess | None:
    """Whose session this cookie is, and with which invitation it was opened."""
    row = await database.row(_FIND_CANDIDATE, hash=hash_secret(cookie), at=now()) if cookie else None
    if row is None:
        return None
    return CandidateAccess(_read(Candidate, row), _read(Invitation, row) if row.invitations_id is not None else None)


def _columns(*kinds: type[Base]) -> list[Label[Any]]:
    return [
        column.label(f"{table.name}_{column.key}")
        for table in (kind.metadata.tables[kind.__tablename__] for kind in kinds)
        for column in table.columns
    ]


def _read(kind: type[Entity], row: Row[*tuple[Any, ...]]) -> Entity:
    """What ``_columns`` found, as a session would leave it behind."""
    prefix = f"{kind.__tablename__}_"
    found = kind(**{name.removeprefix(prefix): row._mapping[name] for name in row._fields if name.startswith(prefix)})
    make_transient_to_detached(found)
    return found


_SESSION = (LoginSession.id_hash == bindparam("hash"), LoginSession.expires_at > bindparam("at"))
_FIND_INTERVIEWER = (
    select(*_columns(Interviewer))
    .join(LoginSession, LoginSession.interviewer_id == Interviewer.id)
    .where(*_SESSION, Interviewer.disabled_at.is_(None))
)
_FIND_CANDIDATE = (
    select(*_columns(Candidate, Invitation))
    .select_from(LoginSession)
    .join(Candidate, Candidate.id == LoginSession.candidate_id)
    .outerjoin(Invitation, Invitation.id == LoginSession.invitation_id)
    .where(*_SESSION)
)


MaybeInterviewer = Annotated[Interviewer | None, Depends(find_interviewer)]
MaybeCandidate = Annotated[CandidateAccess | None, Depends(find_candidate)]


async def require_interviewer(request: Request, interviewer: MaybeInterviewer) -> Interviewer:
    if interviewer is None:
        await _note_what_was_typed(request)
        raise Unauthorized("Sign in as an interviewer to see this page.")
    return interviewer


CurrentInterviewer = Annotated[Interviewer, Depends(require_interviewer)]


async def require_still_signed_in(request: Request, session: Session) -> None:
    """Asks again inside the transaction, which may have waited for its turn while an account was disabled."""
    if request.method not in ("GET", "HEAD"):
        try:
            await session.run_sync(require_open_session, read_cookie(request, INTERVIEWER_COOKIE))
        except Unauthorized:
            await _note_what_was_typed(request)
            raise


async def _note_what_was_typed(request: Request) -> None:
    """For the sign-in page, which carries it along: the session may have ended in the middle of a note. Passwords are
    typed anew."""
    if request.method == "POST":
        fields = await request.form()
        request.state.typed = {
            name: [value for value in fields.getlist(name) if isinstance(value, str)]
            for name in fields
            if name != "once" and not name.startswith("password")
        }


# API tokens ----------------------------------------------------------------------------------------------------------


async def create_token(
    session: AsyncSession,
    name: str,
    scopes: list[Scope] | None = None,
    *,
    days: int | None = None,
    secret: str | None = None,
) -> tuple[ApiToken, str]:
    """The token's row and the token itself, which is not stored; made of ``secret`` or of chance, for ``days`` or
    until it is revoked. Raises ``BadRequest``."""
    name = wording.tidy(name)
    if not wording.shows(name):
        raise BadRequest("Write a name for the token.")
    if len(name) > MAX_TOKEN_NAME:
        raise BadRequest(f"A token's name has at most {MAX_TOKEN_NAME} characters.")
    if not wording.is_one_line(name):
        raise BadRequest("The name holds a control character; type it anew.")
    if days is not None and not 0 < days <= MAX_TOKEN_DAYS:
        raise BadRequest(f"A token lasts 1 to {MAX_TOKEN_DAYS} days, or until it is revoked.")
    secret = TOKEN_PREFIX + (secret or secrets.token_urlsafe(32))
    token = ApiToken(
        name=name, prefix=secret[:10], sha256=hash_secret(secret), scopes=[*(scopes or [Scope.SUBMIT])],
        expires_at=None if days is None else now() + timedelta(days=days),
    )  # fmt: skip
    session.add(token)
    await session.flush()
    return token, secret


async def tokens(session: AsyncSession) -> Sequence[ApiToken]:
    """Newest first."""
    return (await session.scalars(select(ApiToken).order_by(ApiToken.id.desc()))).all()


async def get_token(session: AsyncSession, number: int) -> ApiToken:
    token = await session.get(ApiToken, number)
    if token is None:
        raise NotFound("There is no such token.")
    return token


async def revoke_token(session: AsyncSession, number: int) -> None:
    token = await get_token(session, number)
    token.revoked_at = token.revoked_at or now()


class TokenBearer(HTTPBearer):
    """The API token of a request; raises ``Unauthorized``.

    Is the scheme that OpenAPI shows and looks the token up as well, one dependency for FastAPI to solve instead of two.
    Looked up before the request's own transaction begins: a stranger must not come as far as the write lock.
    """

    def __init__(self, scope: Scope, description: str) -> None:
        super().__init__(scheme_name="HTTPBearer", auto_error=False, description=description)
        self._scope = scope

    async def __call__(self, request: HTTPConnection) -> TokenAccess:  # type: ignore[override] # ours says who it is
        credentials = await super().__call__(request)
        if credentials is None:
            raise Unauthorized("Send an API token: Authorization: Bearer hc_…", headers=_CHALLENGE)
        access = await find_token(request.app.state.database, credentials.credentials)
        if access is None:
            raise Unauthorized("This API token is unknown or revoked.", headers=_CHALLENGE)
        if self._scope not in access.scopes:
            raise Forbidden(f"This needs a token with the scope {self._scope}.")
        return access


require_token = TokenBearer(Scope.SUBMIT, "An API token: hc_…")
require_metrics_token = TokenBearer(Scope.METRICS, "A token made with --metrics")

_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_FIND_TOKEN = select(ApiToken.id, ApiToken.scopes, ApiToken.expires_at).where(
    ApiToken.sha256 == bindparam("hash"), ApiToken.revoked_at.is_(None)
)


async def find_token(database: Database, secret: str) -> TokenAccess | None:
    """What this token opens; None when it is unknown or revoked. Raises ``Unauthorized`` when it has expired."""
    hashed = hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
    row = await database.row(_FIND_TOKEN, hash=hashed)
    if row is not None and row.expires_at is not None and row.expires_at <= now():
        raise Unauthorized("This API token has expired; ask an interviewer for a new one.", headers=_CHALLENGE)
    return TokenAccess(row.id, frozenset(row.scopes)) if row else None


CurrentToken = Annotated[TokenAccess, Depends(require_token)]
Watching = Annotated[TokenAccess, Depends(require_metrics_token)]
