"""API tokens for CI: make one, see it once, revoke it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from app import auth, forms, wording
from app.auth import CurrentInterviewer
from app.database import Session
from app.errors import BadRequest
from app.forms import SentOnce, as_text
from app.models import ApiToken, Interviewer, Scope
from app.pages.asking import asking
from app.pages.shell import Viewer, page, site_address

router = APIRouter()

PAGE = "/tokens"
MAX_ID = 2**31 - 1

Number = Annotated[int, Path(ge=1, le=MAX_ID)]


@dataclass(frozen=True)
class Keyring:
    """Everything the page shows; ``secret`` only on the answer that made it."""

    tokens: Sequence[ApiToken]
    secret: str | None
    name: str
    scope: str
    days: str
    error: str
    url: str
    once: str


@router.get("/tokens")
async def listed(request: Request, session: Session, interviewer: CurrentInterviewer) -> Response:
    typed = await forms.kept(session, interviewer, PAGE)
    name, scope, days = ("".join(typed.get(field, ())) for field in ("name", "scope", "days"))
    return await _page(request, session, interviewer, name=name, scope=scope, days=days)


@router.post("/tokens")
async def create(
    request: Request,
    session: Session,
    interviewer: CurrentInterviewer,
    form: SentOnce,
    name: Annotated[str, Form()] = "",
    scope: Annotated[Scope, Form()] = Scope.SUBMIT,
    days: Annotated[Literal["", "30", "90", "365"], Form()] = "",
) -> Response:
    scopes: list[Scope] = [Scope.SUBMIT, Scope.STAFF] if scope is Scope.STAFF else [scope]

    async def make() -> int:
        token, _secret = await auth.create_token(
            session, name, scopes, days=int(days) if days else None, secret=as_text(form.secret)
        )
        return token.id

    try:
        await form.once(session, make)
    except BadRequest as error:
        return await _page(
            request, session, interviewer, name=name, scope=scope, days=days, error=error.detail, status=400
        )
    await forms.keep(session, interviewer, PAGE, {})
    secret = auth.TOKEN_PREFIX + as_text(form.secret)
    return await _page(request, session, interviewer, secret=secret, name=wording.tidy(name), status=201)


@router.get("/tokens/{number}/revoke")
async def ask_to_revoke(
    request: Request, session: Session, interviewer: CurrentInterviewer, number: Number
) -> Response:
    return asking(request, interviewer, "revoke-token", (await auth.get_token(session, number)).name, PAGE)


@router.post("/tokens/{number}/revoke")
async def revoke(session: Session, interviewer: CurrentInterviewer, number: Number) -> Response:
    await auth.revoke_token(session, number)
    return RedirectResponse(PAGE, 303)


async def _page(
    request: Request,
    session: AsyncSession,
    interviewer: Interviewer,
    *,
    secret: str | None = None,
    name: str = "",
    scope: str = Scope.SUBMIT,
    days: str = "",
    error: str = "",
    status: int = 200,
) -> Response:
    ready = Keyring(await auth.tokens(session), secret, name, scope, days, error, site_address(request), forms.once())
    return page(request, "staff/tokens.html", viewer=Viewer.of(interviewer), status=status, keyring=ready)
