"""Interviewers' forms: one that is sent twice makes one thing, and what was typed but not sent is kept."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import CurrentInterviewer
from app.models import Interviewer, KeptForm, SentForm, now

_ONCE_BYTES = 24
_ONCE = re.compile(r"[A-Za-z0-9_-]{32}")
MAX_PAGE = 100

Fields = Mapping[str, Sequence[str]]


def once() -> str:
    """What a page writes into each form that makes something: known to that page alone."""
    return secrets.token_urlsafe(_ONCE_BYTES)


@dataclass(frozen=True)
class Form:
    """A form as it was sent. ``key`` is the same when the same page sends the same contents again, and None for a form
    without a ``once`` of ours; ``secret`` is 32 bytes that come out the same again with it.

    A link or a token is made of that secret, so that loading its page again shows it again although only its hash is
    stored. The database holds neither ``once`` nor anything it could be found from: a copy of it opens nothing.
    """

    key: str | None
    secret: bytes

    async def was_sent(self, session: AsyncSession) -> bool:
        """Whether this very form made its thing before."""
        return self.key is not None and await session.get(SentForm, self.key) is not None

    async def once(self, session: AsyncSession, make: Callable[[], Awaitable[int]]) -> int:
        """The number of what ``make`` makes, or of what it made when this form came the first time."""
        if self.key is None:
            return await make()
        earlier = await session.get(SentForm, self.key)
        if earlier is not None:
            return earlier.made_id
        try:
            async with session.begin_nested():
                row = SentForm(key=self.key, made_id=0)
                session.add(row)
                await session.flush()
                row.made_id = await make()
        except IntegrityError:
            # PostgreSQL only: two presses of a button at once both looked, and both saw nothing.
            row = await session.get_one(SentForm, self.key)
        return row.made_id


async def sent_form(request: Request, interviewer: CurrentInterviewer) -> Form:
    fields = [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]
    known = [value for name, value in fields if name == "once"]
    if len(known) != 1 or not _ONCE.fullmatch(known[0]):
        return Form(None, secrets.token_bytes(32))
    contents = repr((request.url.path, interviewer.id, fields)).encode("utf-8", "surrogatepass")
    return Form(hashlib.sha256(b"key " + contents).hexdigest(), hashlib.sha256(b"secret " + contents).digest())


SentOnce = Annotated[Form, Depends(sent_form)]


def as_text(secret: bytes) -> str:
    """Letters and figures that can stand in an address."""
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")


def clean(text: str) -> str:
    """A text area's text: it sends its lines with CR LF, but counts them as one character; PostgreSQL takes no NUL."""
    return text.replace("\r\n", "\n").replace("\0", "")


# What was typed and not sent -----------------------------------------------------------------------------------------


async def keep(session: AsyncSession, interviewer: Interviewer, page: str, fields: Fields) -> None:
    """Keeps these fields of the page's forms until they are sent, in place of what was kept there before."""
    if len(page) > MAX_PAGE:
        return
    written = {name: [clean(value) for value in values] for name, values in fields.items()}
    if not any(value.strip() for values in written.values() for value in values):
        await session.execute(delete(KeptForm).where(KeptForm.interviewer_id == interviewer.id, KeptForm.page == page))
        return
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    values = {"fields": written, "kept_at": now()}
    row = {"interviewer_id": interviewer.id, "page": page, **values}
    await session.execute(
        dialect.insert(KeptForm)
        .values(row)
        .on_conflict_do_update(index_elements=["interviewer_id", "page"], set_=values)
    )


async def kept(session: AsyncSession, interviewer: Interviewer, page: str) -> dict[str, list[str]]:
    """What this interviewer typed into the page's forms and did not send; empty when there is nothing."""
    found = await session.get(KeptForm, (interviewer.id, page))
    return found.fields if found else {}
