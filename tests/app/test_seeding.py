"""Made-up submissions beside real ones."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from app import submissions
from app.database import Database
from app.models import Judging, State, Submission
from app.queue.local import LocalQueue
from app.seeding import seed
from tests.app.conftest import CODE, People

pytestmark = pytest.mark.anyio


async def test_it_adds_to_what_was_judged_again_and_leaves_room_for_more(database: Database, people: People) -> None:
    queue = LocalQueue(database)
    async with database.writing() as session:
        sent = await session.run_sync(submissions.submit, queue, people.candidate, "batchnorm1d", CODE)
        await session.execute(update(Judging).values(state=State.DONE))
        await submissions.rejudge(session, queue, sent, interviewer_id=people.interviewer.id)
    await seed(database, 20)
    await seed(database, 20)
    async with database.writing() as session:
        await session.run_sync(submissions.submit, queue, people.candidate, "batchnorm1d", CODE)
        counts = [await session.scalar(select(func.count()).select_from(table)) for table in (Submission, Judging)]
        alone = select(func.count()).where(Judging.submission_id.not_in(select(Submission.id)))
        orphans = await session.scalar(alone)
    assert (counts, orphans) == ([42, 43], 0)
