"""A run of the samples is read by its author only: every other door counts it or is closed."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import submissions
from app.models import Candidate, Decision, Judging, Kind, Note
from app.queue.local import LocalQueue
from tests.app.conftest import CODE, Desk

RUN_CODE = CODE + "# half an idea\n"


@pytest.fixture
def run(desk: Desk) -> int:
    """The number of a run; the submission after it is of the same candidate."""

    async def make(session: AsyncSession) -> int:
        candidate = Candidate(name="Lin")
        session.add(candidate)
        await session.flush()
        queue = LocalQueue(desk.site.database)
        made = [
            await session.run_sync(submissions.submit, queue, candidate, "batchnorm1d", code, kind=kind)
            for code, kind in ((RUN_CODE, Kind.RUN), (CODE, Kind.SUBMIT))
        ]
        return made[0]

    return desk.with_database(make)


def test_an_interviewer_is_told_that_runs_are_only_counted(desk: Desk, run: int) -> None:
    page = desk.read(f"/submissions/{run}", status=403)
    assert "runs are only counted" in page
    assert 'href="/invitations"' in page, "the way on stays"
    assert "half an idea" not in page
    assert "<form" not in page.partition("<main")[2]
    assert "class MyBatchNorm1d" in _text(desk.read(f"/submissions/{run + 1}"))


def _text(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page)


def test_no_form_and_no_stream_of_an_interviewer_reaches_a_run(desk: Desk, run: int) -> None:
    desk.read(f"/submissions/{run}/events", status=403)
    desk.read(f"/submissions/{run}?judging=1", status=403)
    desk.send(f"/submissions/{run}/notes", 403, text="a note")
    desk.send(f"/submissions/{run}/decisions", 403, outcome="advance")
    desk.send(f"/submissions/{run}/rejudge", 403)

    async def count(session: AsyncSession) -> list[int | None]:
        return [await session.scalar(select(func.count()).select_from(table)) for table in (Note, Decision, Judging)]

    assert desk.with_database(count) == [0, 0, 2]


@pytest.mark.parametrize("staff", [False, True])
def test_no_token_reads_a_candidates_run(desk: Desk, run: int, staff: bool) -> None:
    headers = desk.site.headers(staff=staff)
    for address in (f"/api/v1/submissions/{run}", f"/api/v1/submissions/{run}?wait=1"):
        assert desk.client.get(address, headers=headers).status_code == 404
    listed = desk.client.get("/api/v1/submissions", headers=headers).json()["submissions"]
    assert [one["id"] for one in listed] == ([run + 1] if staff else [])


def test_lists_count_runs_and_link_to_none(desk: Desk, run: int) -> None:
    for address in ("/submissions", "/candidates/1"):
        page = desk.read(address)
        assert f'href="/submissions/{run + 1}"' in page
        assert f'href="/submissions/{run}"' not in page
    assert "1 run" in desk.read("/candidates/1")


def test_another_candidate_does_not_read_it(desk: Desk, run: int) -> None:
    desk.client.cookies.clear()
    page = desk.client.post(
        "/problems/batchnorm1d", data={"code": CODE, "action": "run"}, headers={"Accept": "text/html"}
    )
    assert page.status_code == 200, "a guest of their own"
    for address in (f"result={run}", f"restore={run}"):
        desk.read(f"/problems/batchnorm1d?{address}", status=404)
    desk.read(f"/problems/batchnorm1d/submissions/{run}/events", status=404)
