"""The workspace without a browser: when time is up, and after an exam that was not run to its end."""

from __future__ import annotations

import asyncio
import html
import re
from datetime import timedelta

from sqlalchemy import update

from app import interviews
from app.database import Database
from app.models import Interviewer, Invitation, now
from tests.app.conftest import CODE, Site

PAGE = "/problems/batchnorm1d"
AS_PERSON = {"Accept": "text/html"}
AS_SCRIPT = {**AS_PERSON, "HX-Request": "true"}


def enter(site: Site) -> tuple[str, str]:
    """A candidate who has opened an invitation in the site's client: its link, and the owner that their forms carry."""

    async def invite() -> str:
        database = Database(site.app.state.settings.database)
        async with database.writing() as session:
            ada = Interviewer(name="Ada", password_hash="no password has this hash")
            session.add(ada)
            await session.flush()
            made = await interviews.invite(session, ada, "Lin", ["batchnorm1d"], days=1)
        await database.close()
        return made.secret

    link = f"/i/{asyncio.run(invite())}"
    site.client.post(link, headers=AS_PERSON)
    owner = re.search(r'name="owner" value="(\w+)"', site.client.get(PAGE, headers=AS_PERSON).text)
    assert owner is not None
    return link, owner[1]


def change_invitations(site: Site, **values: object) -> None:
    async def change() -> None:
        database = Database(site.app.state.settings.database)
        async with database.writing() as session:
            await session.execute(update(Invitation).values(**values))
        await database.close()

    asyncio.run(change())


def test_a_candidate_whose_time_is_up_is_told_so_and_may_still_read(site: Site) -> None:
    link, owner = enter(site)
    form = {"code": CODE, "action": "submit", "owner": owner}
    sent = site.client.post(PAGE, data=form, headers=AS_PERSON)
    change_invitations(site, expires_at=now() - timedelta(seconds=1))
    late = site.client.post(PAGE, data=form, headers=AS_SCRIPT)
    assert late.status_code == 410
    assert "This invitation has ended. What you submitted before is with your interviewer." in late.text
    for address in (str(sent.url), PAGE):
        page = site.client.get(address, headers=AS_PERSON)
        assert page.status_code == 200
        assert "This invitation has ended. You can still read, but not submit." in page.text
        assert 'value="submit"' not in page.text
    assert 'href="/problems"' in site.client.get(link, headers=AS_PERSON).text
    site.client.cookies.clear()
    assert 'href="/problems"' not in site.client.get(link, headers=AS_PERSON).text


def test_a_withdrawn_invitation_has_no_days_left(site: Site) -> None:
    enter(site)
    assert "data-until" in site.client.get(PAGE, headers=AS_PERSON).text
    change_invitations(site, revoked_at=now())
    page = site.client.get(PAGE, headers=AS_PERSON).text
    assert "This invitation has ended. You can still read, but not submit." in page
    assert "data-until" not in page


def test_the_first_line_is_kept_when_it_is_empty(site: Site) -> None:
    """HTML drops one line end after the tag of a textarea: every line an error names would be off by one."""
    _, owner = enter(site)
    site.client.post(PAGE, data={"code": f"\n{CODE}", "action": "submit", "owner": owner}, headers=AS_PERSON)
    page = site.client.get(PAGE, headers=AS_PERSON).text
    [shown] = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert html.unescape(shown.removeprefix("\n")) == f"\n{CODE}"
