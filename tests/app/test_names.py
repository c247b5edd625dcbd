"""The second write: fenced like the first, into its own judging alone, and never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import text

from app import judgings, names, submissions
from app.database import Database
from app.models import Device, DiagnosesState, Judging, State
from app.queue import Claim
from app.queue.local import LocalQueue
from judge.report import Report, Timing, Verdict
from judge.words import NAMES_LOST
from tests.app.conftest import People
from tests.app.reports import make_report
from tests.app.test_judgings import LEASE, claimed, send

pytestmark = pytest.mark.anyio

NAMED = replace(make_report(), timing=Timing(12.0, 11.0, {"cell": 10.0, "grading": 1.5, "diagnosis": 40.0}))
UNNAMED = replace(make_report(), diagnoses=())


async def judged(database: Database, lease: timedelta | None = LEASE) -> Claim:
    """A claim whose verdict is written and whose names are owed, unless ``lease`` is None."""
    mine = await claimed(database)
    assert await database.change(judgings.finish, mine, UNNAMED, lease)
    return mine


async def stored(database: Database, claim: Claim) -> tuple[Judging, Report]:
    async with database.reading() as session:
        [found] = [
            one for one in await submissions.judgings(session, claim.submission_id) if one.id == claim.judging_id
        ]
    assert found.report is not None
    return found, msgspec.json.decode(found.report.body, type=Report)


async def taken_up(database: Database, after: timedelta = timedelta(0)) -> Claim | None:
    return await database.change(names.take_up, "heir", Device.CPU, LEASE, later=after)


async def test_the_names_come_into_the_report_after_the_verdict(
    database: Database, queue: LocalQueue, people: People
) -> None:
    await send(database, queue, people)
    mine = await judged(database)
    judging, report = await stored(database, mine)
    assert (judging.state, judging.verdict, judging.diagnoses_state) == (
        State.DONE, Verdict.WRONG_ANSWER, DiagnosesState.PENDING
    )  # fmt: skip
    assert report.diagnoses == ()

    assert await database.change(names.attach, mine, NAMED)
    after, report = await stored(database, mine)
    assert (after.diagnoses_state, after.lease_until) == (DiagnosesState.DONE, None)
    assert report == NAMED
    assert after.finished_at == judging.finished_at
    assert after.stages_ms == {**(judging.stages_ms or {}), "diagnosis": 40.0}
    assert not await database.change(names.attach, mine, NAMED), "once"


async def test_a_verdict_without_mistakes_to_name_is_done_with_one_write(
    database: Database, queue: LocalQueue, people: People
) -> None:
    await send(database, queue, people)
    mine = await judged(database, None)
    judging, _ = await stored(database, mine)
    assert (judging.diagnoses_state, judging.lease_until) == (DiagnosesState.DONE, None)
    assert not await database.change(names.attach, mine, NAMED)


async def test_before_the_verdict_there_is_nothing_to_attach_names_to(
    database: Database, queue: LocalQueue, people: People
) -> None:
    await send(database, queue, people)
    mine = await claimed(database)
    assert not await database.change(names.attach, mine, NAMED)


async def test_names_that_a_dead_worker_owed_are_taken_up_and_its_own_come_too_late(
    database: Database, queue: LocalQueue, people: People
) -> None:
    await send(database, queue, people)
    zombie = await judged(database)
    assert await taken_up(database) is None, "its lease has not ended"
    heir = await taken_up(database, 2 * LEASE)
    assert heir is not None
    assert (heir.judging_id, heir.attempt, heir.seed) == (zombie.judging_id, zombie.attempt + 1, UNNAMED.seed)
    assert await taken_up(database) is None, "by one"

    assert not await database.change(names.attach, zombie, NAMED)
    assert await database.change(names.attach, heir, NAMED)
    assert (await stored(database, heir))[1].diagnoses == NAMED.diagnoses


async def test_a_lease_that_is_kept_is_not_taken_over(database: Database, queue: LocalQueue, people: People) -> None:
    await send(database, queue, people)
    mine = await judged(database)
    await database.change(judgings.keep, [mine], 3 * LEASE)
    assert await taken_up(database, 2 * LEASE) is None
    await database.change(judgings.end_leases, "w")
    assert await taken_up(database) is not None


async def test_what_was_left_after_a_fault_waits_for_its_pause(
    database: Database, queue: LocalQueue, people: People
) -> None:
    await send(database, queue, people)
    mine = await judged(database)
    await database.change(names.leave, mine, LEASE / 2)
    assert await taken_up(database) is None
    assert await taken_up(database, LEASE) is not None


async def test_a_worker_takes_up_only_what_its_device_judged(
    database: Database, queue: LocalQueue, people: People
) -> None:
    await send(database, queue, people)
    await judged(database, timedelta(0))
    assert await database.change(names.take_up, "heir", Device.CUDA, LEASE, later=LEASE) is None
    assert await database.change(names.take_up, "heir", Device.CPU, LEASE, later=LEASE) is not None


@pytest.mark.parametrize(
    "again",
    [
        replace(NAMED, problem_version="v2"),
        replace(NAMED, verdict=Verdict.RUNTIME_ERROR),
        replace(NAMED, checks=(replace(NAMED.checks[0], id="running_stats.another"),)),
    ],
    ids=["the problem has changed", "it came to another verdict", "other checks failed"],
)
async def test_a_second_run_that_came_out_otherwise_names_nothing(
    database: Database, queue: LocalQueue, people: People, again: Report
) -> None:
    await send(database, queue, people)
    mine = await judged(database)
    assert await database.change(names.attach, mine, again)
    judging, report = await stored(database, mine)
    assert judging.diagnoses_state is DiagnosesState.DONE
    assert report == replace(UNNAMED, diagnosis_note=NAMES_LOST)


async def test_what_takes_worker_after_worker_along_ends_without_names(
    database: Database, queue: LocalQueue, people: People
) -> None:
    await send(database, queue, people)
    mine = await judged(database)
    for attempt in range(2, names.MAX_NAMING_ATTEMPTS + 1):
        heir = await taken_up(database, 2 * attempt * LEASE)
        assert heir is not None
        assert heir.attempt == attempt
    assert await taken_up(database, 100 * LEASE) is None
    judging, report = await stored(database, mine)
    assert (judging.verdict, judging.diagnoses_state) == (Verdict.WRONG_ANSWER, DiagnosesState.DONE)
    assert report.diagnosis_note == NAMES_LOST
    assert await taken_up(database, 200 * LEASE) is None


async def test_a_rejudge_never_gets_the_names_of_the_judging_before(
    database: Database, queue: LocalQueue, people: People
) -> None:
    sent = await send(database, queue, people)
    first = await judged(database)
    async with database.writing() as session:
        await submissions.rejudge(session, queue, sent, interviewer_id=people.interviewer.id)
    second = await claimed(database)
    assert await database.change(names.attach, first, NAMED)
    assert await database.change(judgings.finish, second, replace(UNNAMED, verdict=Verdict.ACCEPTED), None)
    assert (await stored(database, first))[1].diagnoses == NAMED.diagnoses
    assert (await stored(database, second))[1].diagnoses == ()
    async with database.reading() as session:
        assert (await submissions.get(session, sent)).verdict is Verdict.ACCEPTED


async def test_a_judge_error_owes_no_names(database: Database, queue: LocalQueue, people: People) -> None:
    await send(database, queue, people)
    for _ in range(judgings.MAX_ATTEMPTS):
        mine = await claimed(database)
        await database.change(judgings.give_back, mine, "CellFault: no cell")
    async with database.reading() as session:
        judging = await submissions.newest_judging(session, mine.submission_id)
    assert (judging.state, judging.diagnoses_state) == (State.DONE, DiagnosesState.DONE)


async def test_names_left_are_seen_before_the_write_lock_is_taken(
    database: Database, queue: LocalQueue, people: People
) -> None:
    async def left() -> bool:
        async with database.reading() as session:
            return (await session.execute(text(names.ANY_LEFT))).first() is not None

    await send(database, queue, people)
    assert not await left()
    mine = await judged(database)
    assert not await left()
    await database.change(judgings.end_leases, "w")
    assert await left()
    assert await database.change(names.attach, mine, NAMED)
    assert not await left()
