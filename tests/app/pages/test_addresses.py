"""Where links lead: the address that a browser used or the public one, never one that only a listener can have."""

from __future__ import annotations

import asyncio
import re

import pytest
from starlette.testclient import TestClient

from app import auth, interviewers
from app.config import Settings
from app.database import Database
from app.main import create_app
from tests.app.conftest import attempts


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104 - compared, not bound
        ("::", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
        ("judge.test", "http://judge.test:8000"),
    ],
)
def test_the_address_said_at_start_can_be_opened_here(host: str, url: str) -> None:
    assert Settings(host=host).url == url


@pytest.mark.parametrize("used", ["http://[::1]:8000", "http://10.0.0.7:8000", "http://judge.test"])
@pytest.mark.parametrize("public_url", ["", "http://handcode.test/"])
def test_an_invitation_link_leads_to_the_public_address_or_where_its_maker_was(
    settings: Settings, used: str, public_url: str
) -> None:
    async def ada() -> str:
        database = Database(settings.database)
        await interviewers.create(database, "Ada", "correct horse")
        cookie = await auth.sign_in(database, "Ada", "correct horse", attempts(), hours=1)
        await database.close()
        return cookie

    cookies = {auth.INTERVIEWER_COOKIE: asyncio.run(ada())}
    app = create_app(settings.model_copy(update={"host": "::", "public_url": public_url}))
    with TestClient(app, base_url=used, cookies=cookies) as client:
        form = {"name": "Lin", "problem": "batchnorm1d"}
        made = client.post("/invitations", data=form, headers={"Accept": "text/html"})
    link = re.search(r'value="(http://[^"]+)/i/', made.text)
    assert link is not None
    assert link[1] == (public_url.rstrip("/") or used)
