"""Turns: nobody waits behind all of another's, what stands behind is never forgotten, and whoever waits is told."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import judgings, submissions, waiting
from app.auth import TokenAccess
from app.clock import database_now
from app.database import Database
from app.models import Candidate, Device, Judging, Kind, Worker
from app.processes import pid_namespace
from app.queue import Claim
from app.queue.local import LocalQueue
from app.turns import BEHIND
from judge.report import Verdict
from tests.app.conftest import CODE, People
from tests.app.reports import make_report

pytestmark = pytest.mark.anyio

LEASE = timedelta(seconds=20)


async def send(
    database: Database, author: Candidate | TokenAccess, count: int = 1, *, kind: Kind = Kind.SUBMIT
) -> list[int]:
    queue = LocalQueue(database)
    return [
        await database.change(submissions.submit, queue, author, "batchnorm1d", CODE, kind=kind) for _ in range(count)
    ]


async def claim(database: Database) -> Claim:
    found = await database.change(judgings.claim_next, "w", [Device.CPU], LEASE)
    assert found is not None
    return found


async def finish(database: Database, done: Claim) -> None:
    assert await database.change(judgings.finish, done, make_report(Verdict.ACCEPTED))


def until_another_millisecond() -> None:
    """The third: SQLite reckons the time in days, and its milliseconds may be one off."""
    before = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 < before + 3:
        pass


async def other_candidates(database: Database, count: int) -> list[Candidate]:
    candidates = [Candidate(name=f"candidate {number}") for number in range(count)]
    async with database.writing() as session:
        session.add_all(candidates)
    return candidates


async def test_each_owner_has_one_slot_while_others_wait(database: Database, people: People) -> None:
    flood = await send(database, people.token, 8)
    first = await claim(database)
    late, later = await other_candidates(database, 2)
    [one, *_], [other] = await send(database, late, 2), await send(database, later)
    assert [first.submission_id] == flood[:1]
    assert [(await claim(database)).submission_id for _ in range(2)] == [one, other]
    # Nobody else is in turn now, so the free slots go to those behind, the first of each owner beside each other.
    spare = [await claim(database) for _ in range(2)]
    assert {each.owner for each in spare} == {f"token {people.token.id}", f"candidate {late.id}"}


async def test_owners_come_one_after_the_other(database: Database, people: People) -> None:
    for owner in (people.candidate, *await other_candidates(database, 3)):
        await send(database, owner, 3)
    order = []
    for _ in range(12):
        mine = await claim(database)
        order.append(mine.owner)
        until_another_millisecond()  # what came in the same one goes by number
        await finish(database, mine)
    for start in (0, 4, 8):
        assert len(set(order[start : start + 4])) == 4, order


async def test_a_run_goes_before_a_submission_and_that_before_a_rejudge(database: Database, people: People) -> None:
    [old] = await send(database, people.staff)
    await finish(database, await claim(database))
    async with database.writing() as session:
        await submissions.rejudge(session, LocalQueue(database), old, interviewer_id=people.interviewer.id)
    one, other = await other_candidates(database, 2)
    [by_token], [submitted] = await send(database, people.token), await send(database, one)
    [run] = await send(database, other, kind=Kind.RUN)
    order = [(await claim(database)).submission_id for _ in range(4)]
    assert order == [run, submitted, by_token, old]


async def test_runs_without_end_do_not_keep_a_submission_waiting(database: Database, people: People) -> None:
    [submitted] = await send(database, people.token)
    async with database.writing() as session:
        waited = submissions.PRIORITY_API * 1000
        await session.execute(update(Judging).values(place=Judging.place - waited))  # as if sent so much earlier
    await send(database, people.candidate, kind=Kind.RUN)
    assert (await claim(database)).submission_id == submitted


async def test_ones_own_run_goes_before_ones_submissions(database: Database, people: People) -> None:
    first, *_ = await send(database, people.candidate, 3)
    [run] = await send(database, people.candidate, kind=Kind.RUN)
    mine = await claim(database)
    await finish(database, mine)
    assert (mine.submission_id, (await claim(database)).submission_id) == (first, run)


@pytest.mark.parametrize("counts", [True, False])
async def test_a_judging_given_back_keeps_its_turn(database: Database, people: People, counts: bool) -> None:
    first, *_ = await send(database, people.token, 3)
    mine = await claim(database)
    await send(database, people.candidate, kind=Kind.RUN)
    await database.change(judgings.give_back, mine, "no cell", counts=counts)
    owners = [(await claim(database)).owner for _ in range(2)]
    assert f"token {people.token.id}" in owners
    async with database.reading() as session:
        assert (await submissions.newest_judging(session, first)).attempt == 1 + counts


async def test_nobody_stands_behind_nobody(database: Database, people: People) -> None:
    """Whatever adds and ends at the same moment: an owner with something queued has something in turn or running."""
    owners = [people.token, people.staff, *await other_candidates(database, 2)]

    async def add(owner: Candidate | TokenAccess) -> None:
        for _ in range(12):
            await send(database, owner)

    async def work(number: int) -> None:
        for _ in range(12):
            mine = await database.change(judgings.claim_next, "w", [Device.CPU], LEASE)
            if mine is None:
                await asyncio.sleep(0)
            elif number == 3:
                await database.change(judgings.recover, later=2 * LEASE)
            elif number == 2:
                await database.change(judgings.give_back, mine, "no cell", counts=False)
            else:
                await database.change(judgings.finish, mine, make_report(Verdict.ACCEPTED))

    await asyncio.gather(*map(add, owners), *map(work, range(4)))
    async with database.reading() as session:
        rows = (await session.execute(select(Judging.owner, Judging.state, Judging.place))).all()
    waiting_owners = {row.owner for row in rows if row.state == "queued"}
    served = {row.owner for row in rows if row.state == "running" or (row.state == "queued" and row.place < BEHIND)}
    assert waiting_owners
    assert waiting_owners <= served


async def stands(database: Database, submission_id: int) -> waiting.Waiting | None:
    async with database.reading() as session:
        judging = await submissions.newest_judging(session, submission_id)
        return await session.run_sync(waiting.waiting, judging.id)


async def set_worker(database: Database, **values: object) -> None:
    worker = Worker(name="w", queues=[Device.CPU], slots=2, host="h", pid=1, ready=True, **values)
    worker.last_seen = database_now()
    async with database.writing() as session:
        await session.merge(worker)


async def test_whoever_waits_is_told_how_many_are_before_and_how_long_it_takes(
    database: Database, people: People
) -> None:
    sent = await send(database, people.token, 5)
    [by_candidate] = await send(database, people.candidate)
    await set_worker(database, metrics={"recent_ms": 3000.0})
    last = await stands(database, sent[-1])
    assert last == waiting.Waiting(waiting.Pace.MOVING, ahead=5, expected_seconds=10.5)
    ahead = [found.ahead for number in (by_candidate, sent[0]) if (found := await stands(database, number))]
    assert ahead == [0, 1], "a candidate's submission has a head start over a token's"
    await claim(database)
    assert await stands(database, by_candidate) is None, "it runs"


async def test_whoever_waits_is_told_when_nothing_is_judged(database: Database, people: People) -> None:
    [sent] = await send(database, people.token)
    assert await stands(database, sent) == waiting.Waiting(waiting.Pace.NO_WORKER, 0, None)
    await set_worker(database)
    assert await stands(database, sent) == waiting.Waiting(waiting.Pace.MOVING, 0, None)
    await set_worker(database, quarantined="No cell can be made now.")
    assert await stands(database, sent) == waiting.Waiting(waiting.Pace.INTERRUPTED, 0, None)
    async with database.writing() as session:
        await session.execute(update(Worker).values(quarantined=None, ready=False))
    assert await stands(database, sent) == waiting.Waiting(waiting.Pace.STARTING, 0, None)
    async with database.writing() as session:
        await session.execute(update(Worker).values(ready=True, last_seen=database_now(-60)))
    assert await stands(database, sent) == waiting.Waiting(waiting.Pace.NO_WORKER, 0, None)


async def test_no_time_is_told_from_a_worker_that_may_have_ended(database: Database, people: People) -> None:
    [sent] = await send(database, people.token)
    await set_worker(database, metrics={"recent_ms": 3000.0})
    assert await stands(database, sent) == waiting.Waiting(waiting.Pace.MOVING, 0, 3.0)
    async with database.writing() as session:
        await session.execute(update(Worker).values(last_seen=database_now(-10)))
    assert await stands(database, sent) == waiting.Waiting(waiting.Pace.MOVING, 0, None)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield started
    started.kill()
    started.wait()


async def test_a_worker_of_this_machine_that_was_killed_is_known_to_be_gone(
    database: Database, people: People, process: subprocess.Popen[bytes]
) -> None:
    [sent] = await send(database, people.token)
    await set_worker(database, metrics={"recent_ms": 3000.0})
    async with database.writing() as session:
        await session.execute(update(Worker).values(host=pid_namespace(), pid=process.pid))
    assert await stands(database, sent) == waiting.Waiting(waiting.Pace.MOVING, 0, 3.0)
    process.kill()
    process.wait()
    assert await stands(database, sent) == waiting.Waiting(waiting.Pace.NO_WORKER, 0, None)
