"""The fence: a judging is claimed once, kept by a lease, finished by the attempt that counts, and never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

import pytest
from sqlalchemy import func, select, update

from app import judgings, submissions
from app.clock import database_now
from app.database import Database, Transaction
from app.models import Device, Judging, Kind, Report, State, Submission, Worker
from app.queue import Claim
from app.queue.local import LocalQueue
from judge.report import Verdict
from tests.app.conftest import CODE, People
from tests.app.reports import make_report

pytestmark = pytest.mark.anyio

LEASE = timedelta(seconds=20)


async def send(database: Database, queue: LocalQueue, people: People, **options: object) -> int:
    author = options.pop("author", people.token)
    async with database.writing() as session:
        sent = await session.run_sync(submissions.submit, queue, author, "batchnorm1d", CODE, **options)  # type: ignore[arg-type]
    return sent


async def claim(database: Database, worker: str = "w", device: Device = Device.CPU) -> Claim | None:
    return await database.change(judgings.claim_next, worker, [device], LEASE)


async def claimed(database: Database, worker: str = "w") -> Claim:
    found = await claim(database, worker)
    assert found is not None
    return found


async def finish(database: Database, done: Claim, verdict: Verdict = Verdict.ACCEPTED) -> bool:
    return await database.change(judgings.finish, done, make_report(verdict))


async def newest(database: Database, submission_id: int) -> Judging:
    async with database.reading() as session:
        return await submissions.newest_judging(session, submission_id)


async def test_a_claim_holds_all_it_takes_to_judge(database: Database, queue: LocalQueue, people: People) -> None:
    sent = await send(database, queue, people, kind=Kind.RUN, author=people.candidate)
    found = await claimed(database)
    assert (found.submission_id, found.attempt, found.problem, found.code) == (sent, 1, "batchnorm1d", CODE)
    assert (found.kind, found.device, found.accept, found.seed) == (Kind.RUN, Device.CPU, None, None)


async def test_a_judging_is_claimed_once(database: Database, queue: LocalQueue, people: People) -> None:
    await send(database, queue, people)
    await claimed(database)
    assert await claim(database) is None


async def test_claims_at_once_never_share_a_judging(database: Database, queue: LocalQueue, people: People) -> None:
    sent = {await send(database, queue, people) for _ in range(12)}
    found = await asyncio.gather(*(claim(database, f"w{number}") for number in range(16)))
    assert sorted(one.submission_id for one in found if one) == sorted(sent)


async def test_a_result_and_the_next_claim_stand_or_fall_together(
    database: Database, queue: LocalQueue, people: People
) -> None:
    first, second = await send(database, queue, people), await send(database, queue, people)
    mine = await claimed(database)

    def finish_claim_and_fail(transaction: Transaction) -> None:
        judgings.finish_and_claim(transaction, mine, make_report(), None, "w", [Device.CPU], LEASE)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await database.change(finish_claim_and_fail)
    assert [(await newest(database, sent)).state for sent in (first, second)] == [State.RUNNING, State.QUEUED]
    written, following = await database.change(
        judgings.finish_and_claim, mine, make_report(), None, "w", [Device.CPU], LEASE
    )
    assert written
    assert following is not None
    assert (following.submission_id, following.attempt) == (second, 1)
    assert [(await newest(database, sent)).state for sent in (first, second)] == [State.DONE, State.RUNNING]
    assert await database.change(judgings.finish_and_claim, mine, make_report(), None, "w", [Device.CPU], LEASE) == (
        False,
        None,
    ), "too late, and nothing is left"


async def test_who_waits_at_a_browser_goes_first(database: Database, queue: LocalQueue, people: People) -> None:
    by_ci = await send(database, queue, people)
    by_candidate = await send(database, queue, people, author=people.candidate)
    by_ci_later = await send(database, queue, people)
    order = [(await claimed(database)).submission_id for _ in range(3)]
    assert order == [by_candidate, by_ci, by_ci_later]


async def test_a_worker_takes_only_from_its_queue(database: Database, queue: LocalQueue, people: People) -> None:
    await send(database, queue, people)
    assert await claim(database, device=Device.CUDA) is None


async def test_a_result_is_shown_on_the_submission(database: Database, queue: LocalQueue, people: People) -> None:
    sent = await send(database, queue, people)
    assert await finish(database, await claimed(database), Verdict.WRONG_ANSWER)
    async with database.reading() as session:
        submission = await submissions.get(session, sent)
        judging = await submissions.newest_judging(session, sent, with_report=True)
    assert (submission.verdict, submission.score, submission.max_score) == (Verdict.WRONG_ANSWER, 62.5, 100.0)
    assert (judging.state, judging.seed, judging.problem_version) == (State.DONE, 71234567, "v1")
    assert judging.report is not None
    assert judging.stages_ms is not None
    assert set(judging.stages_ms) == {"queue", "cell", "grading", "judging"}


async def test_a_run_gets_no_score(database: Database, queue: LocalQueue, people: People) -> None:
    sent = await send(database, queue, people, kind=Kind.RUN, author=people.candidate)
    assert await finish(database, await claimed(database))
    async with database.reading() as session:
        submission = await submissions.get(session, sent)
    assert (submission.verdict, submission.score) == (Verdict.ACCEPTED, None)


async def test_a_zombies_result_is_dropped(database: Database, queue: LocalQueue, people: People) -> None:
    sent = await send(database, queue, people)
    zombie = await claimed(database, "zombie")
    async with database.writing() as session:
        assert await session.run_sync(judgings.recover, later=2 * LEASE) == 1
    heir = await claimed(database, "heir")
    assert heir.attempt == zombie.attempt + 1

    assert not await finish(database, zombie, Verdict.ACCEPTED)
    assert (await newest(database, sent)).state is State.RUNNING
    assert await finish(database, heir, Verdict.WRONG_ANSWER)
    assert not await finish(database, zombie, Verdict.ACCEPTED)
    assert (await newest(database, sent)).verdict is Verdict.WRONG_ANSWER
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Report)) == 1


async def test_a_zombie_cannot_keep_or_give_back(database: Database, queue: LocalQueue, people: People) -> None:
    await send(database, queue, people)
    zombie = await claimed(database, "zombie")
    async with database.writing() as session:
        await session.run_sync(judgings.recover, later=2 * LEASE)
    heir = await claimed(database, "heir")
    async with database.writing() as session:
        assert await session.run_sync(judgings.give_back, zombie, "too late") is None
        await session.run_sync(judgings.keep, [zombie], timedelta(days=1))
        assert await session.run_sync(judgings.recover, later=2 * LEASE) == 1  # the heir's lease was not prolonged
    assert heir.attempt == 2


async def test_a_kept_lease_does_not_end(database: Database, queue: LocalQueue, people: People) -> None:
    await send(database, queue, people)
    mine = await claimed(database)
    async with database.writing() as session:
        await session.run_sync(judgings.keep, [mine], 3 * LEASE)
        assert await session.run_sync(judgings.recover, later=2 * LEASE) == 0


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the clock of this process so many seconds ahead, or behind."""

    def shift(seconds: int) -> None:
        class Shifted(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:
                return datetime.now(tz) + timedelta(seconds=seconds)

        monkeypatch.setattr("app.models.datetime", Shifted)

    return shift


async def test_a_lease_is_as_long_whatever_the_workers_clocks_say(
    database: Database, queue: LocalQueue, people: People, set_clock: Callable[[int], None]
) -> None:
    """A worker that was a minute ahead took from others what they had just begun, three times."""
    await send(database, queue, people)
    set_clock(-60)
    behind = await claimed(database, "behind")
    set_clock(60)
    assert await database.change(judgings.recover) == 0
    set_clock(-60)
    await database.change(judgings.keep, [behind], LEASE)
    set_clock(60)
    assert await database.change(judgings.recover) == 0
    assert await database.change(judgings.recover, later=LEASE * 0.9) == 0
    assert await database.change(judgings.recover, later=LEASE * 1.01) == 1
    ahead = await claimed(database, "ahead")
    set_clock(0)
    assert await database.change(judgings.recover, later=LEASE * 1.01) == 1, "no longer because its worker is ahead"
    assert (behind.attempt, ahead.attempt) == (1, 2)


@pytest.mark.parametrize("seconds", [-60, 60])
async def test_a_worker_is_heard_of_whatever_its_clock_says(
    database: Database, set_clock: Callable[[int], None], seconds: int
) -> None:
    worker = Worker(name="w", queues=[Device.CPU], slots=1, host="h", pid=1, ready=True)
    worker.last_seen = database_now()
    async with database.writing() as session:
        session.add(worker)
    set_clock(seconds)
    async with database.reading() as session:
        assert await session.run_sync(submissions.has_worker, Device.CPU)
        assert len(await submissions.workers(session)) == 1
    async with database.writing() as session:
        await session.execute(update(Worker).values(last_seen=database_now(-20)))
    async with database.reading() as session:
        assert not await session.run_sync(submissions.has_worker, Device.CPU)


async def test_three_lost_attempts_end_in_judge_error(database: Database, queue: LocalQueue, people: People) -> None:
    sent = await send(database, queue, people)
    for attempt in (1, 2, 3):
        assert (await claimed(database)).attempt == attempt
        async with database.writing() as session:
            assert await session.run_sync(judgings.recover, later=2 * LEASE) == 1
    assert await claim(database) is None
    judging = await newest(database, sent)
    assert (judging.state, judging.verdict) == (State.DONE, Verdict.JUDGE_ERROR)
    async with database.reading() as session:
        submission = await submissions.get(session, sent)
    assert (submission.verdict, submission.score) == (Verdict.JUDGE_ERROR, None)


async def test_three_faults_end_in_judge_error_and_keep_the_last(
    database: Database, queue: LocalQueue, people: People
) -> None:
    sent = await send(database, queue, people)
    states = []
    for attempt in (1, 2, 3):
        mine = await claimed(database)
        async with database.writing() as session:
            states.append(await session.run_sync(judgings.give_back, mine, f"CellFault: number {attempt}"))
    assert states == [State.QUEUED, State.QUEUED, State.DONE]
    judging = await newest(database, sent)
    assert (judging.verdict, judging.fault) == (Verdict.JUDGE_ERROR, "CellFault: number 3")


async def test_a_dead_workers_leases_end_at_once(database: Database, queue: LocalQueue, people: People) -> None:
    await send(database, queue, people)
    await send(database, queue, people)
    lost, kept = await claimed(database, "dead"), await claimed(database, "alive")
    async with database.writing() as session:
        await session.run_sync(judgings.end_leases, "dead")
        assert await session.run_sync(judgings.recover) == 1
    assert (await claimed(database)).judging_id == lost.judging_id
    assert await finish(database, kept)


async def test_a_rejudge_keeps_the_old_judging(database: Database, queue: LocalQueue, people: People) -> None:
    sent = await send(database, queue, people)
    await finish(database, await claimed(database), Verdict.WRONG_ANSWER)
    async with database.writing() as session:
        again = await submissions.rejudge(session, queue, sent, interviewer_id=people.interviewer.id, seed=7)
    async with database.writing() as session:
        waiting = await submissions.rejudge(session, queue, sent, interviewer_id=people.interviewer.id)
    assert waiting == again, "two clicks ask for one rejudge"
    mine = await claimed(database)
    assert (mine.judging_id, mine.seed) == (again, 7)
    async with database.reading() as session:
        assert (await submissions.get(session, sent)).verdict is Verdict.WRONG_ANSWER, "until the new one is done"
    await finish(database, mine, Verdict.ACCEPTED)
    async with database.reading() as session:
        assert [one.verdict for one in await submissions.judgings(session, sent)] == [
            Verdict.ACCEPTED,
            Verdict.WRONG_ANSWER,
        ]
        assert (await session.get_one(Submission, sent)).verdict is Verdict.ACCEPTED
