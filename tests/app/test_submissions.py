"""What may be sent, what is found again: the rules pages and API share."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import errors, interviews, submissions
from app.database import Database
from app.models import Device, Judging, Kind, Submission, Worker, now
from app.queue.local import LocalQueue
from app.submissions import Filters, Sort
from judge.report import Verdict
from tests.app.conftest import CODE, People

pytestmark = pytest.mark.anyio

KIB_64 = 64 * 1024


async def count(session: AsyncSession, table: type[Submission] | type[Judging]) -> int:
    return await session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize(
    ("wanted", "error", "says"),
    [
        ({"code": ""}, errors.InvalidCode, "empty"),
        ({"code": " \n\t\u3000"}, errors.InvalidCode, "empty"),
        ({"code": "x = 1\0"}, errors.InvalidCode, "NUL"),
        ({"code": "x = '\ud800'"}, errors.InvalidCode, "surrogate"),
        ({"code": b"x = '\xff'"}, errors.InvalidCode, "byte 5"),
        ({"code": "#" * (KIB_64 + 1)}, errors.CodeTooLarge, "65537 bytes"),
        ({"code": "é" * (KIB_64 // 2) + "x"}, errors.CodeTooLarge, "65537 bytes"),
        ({"problem": "layernorm"}, errors.UnknownProblem, "layernorm"),
        ({"problem": "../batchnorm1d"}, errors.UnknownProblem, "no problem"),
        ({"device": "tpu"}, errors.UnknownDevice, "tpu"),
        ({"device": "cuda"}, errors.NoWorkerForDevice, "GPU"),
        ({"label": "two\nlines"}, errors.Invalid, "label"),
        ({"label": "x" * 201}, errors.Invalid, "label"),
        ({"idempotency_key": ""}, errors.Invalid, "Idempotency-Key"),
        ({"idempotency_key": "é"}, errors.Invalid, "Idempotency-Key"),
        ({"idempotency_key": "x" * 256}, errors.Invalid, "Idempotency-Key"),
    ],
)
async def test_what_cannot_be_judged_is_refused_and_leaves_nothing(
    database: Database,
    queue: LocalQueue,
    people: People,
    wanted: dict[str, str],
    error: type[errors.AppError],
    says: str,
) -> None:
    arguments = {"problem": "batchnorm1d", "code": CODE, **wanted}
    with pytest.raises(error, match=says):
        async with database.writing() as session:
            await session.run_sync(submissions.submit, queue, people.token, **arguments)  # type: ignore[arg-type]
    async with database.reading() as session:
        assert (await count(session, Submission), await count(session, Judging)) == (0, 0)


@pytest.mark.parametrize("code", ["#" * KIB_64, "é" * (KIB_64 // 2), "x = '🦊'\r\n", "\ufeffx = 1"])
async def test_unusual_code_is_stored_as_it_is(
    session: AsyncSession, queue: LocalQueue, people: People, code: str
) -> None:
    sent = await session.run_sync(submissions.submit, queue, people.token, "batchnorm1d", code)
    assert (await submissions.get(session, sent, with_code=True)).code == code


async def test_a_gpu_worker_opens_the_cuda_device(session: AsyncSession, queue: LocalQueue, people: People) -> None:
    session.add(Worker(name="gpu", queues=["cuda"], slots=1, host="h", pid=1, ready=True))
    await session.flush()
    sent = await session.run_sync(submissions.submit, queue, people.token, "batchnorm1d", CODE, device="cuda")
    assert (await submissions.newest_judging(session, sent)).queue is Device.CUDA


@pytest.mark.parametrize("broken", [{"quarantined": "no walls"}, {"last_seen": now() - timedelta(minutes=1)}])
async def test_a_broken_or_silent_gpu_worker_does_not(
    session: AsyncSession, queue: LocalQueue, people: People, broken: dict[str, object]
) -> None:
    session.add(Worker(name="gpu", queues=["cuda"], slots=1, host="h", pid=1, ready=True, **broken))
    await session.flush()
    with pytest.raises(errors.NoWorkerForDevice):
        await session.run_sync(submissions.submit, queue, people.token, "batchnorm1d", CODE, device="cuda")


async def test_the_same_key_gives_the_same_submission(session: AsyncSession, queue: LocalQueue, people: People) -> None:
    first = await session.run_sync(submissions.submit, queue, people.token, "batchnorm1d", CODE, idempotency_key="k")
    again = await session.run_sync(submissions.submit, queue, people.token, "batchnorm1d", CODE, idempotency_key="k")
    assert again == first
    assert (await count(session, Submission), await count(session, Judging)) == (1, 1)


async def test_the_same_key_with_other_code_is_a_conflict(
    session: AsyncSession, queue: LocalQueue, people: People
) -> None:
    await session.run_sync(submissions.submit, queue, people.token, "batchnorm1d", CODE, idempotency_key="k")
    with pytest.raises(errors.IdempotencyConflict, match="code"):
        await session.run_sync(submissions.submit, queue, people.token, "batchnorm1d", CODE + "#", idempotency_key="k")


async def test_a_key_belongs_to_its_sender(session: AsyncSession, queue: LocalQueue, people: People) -> None:
    senders = (people.token, people.staff, people.candidate)
    sent = [
        await session.run_sync(submissions.submit, queue, sender, "batchnorm1d", CODE, idempotency_key="k")
        for sender in senders
    ]
    assert len(set(sent)) == 3


async def test_an_ended_invitation_takes_no_code(session: AsyncSession, queue: LocalQueue, people: People) -> None:
    new = await interviews.invite(session, people.interviewer, "Lin", ["batchnorm1d"], days=1, accept="unbiased")
    author = new.invitation.candidate
    send = (queue, author)
    sent = await session.run_sync(submissions.submit, *send, "batchnorm1d", CODE, invitation=new.invitation)
    stored = await submissions.get(session, sent)
    assert (stored.accept, stored.invitation_id) == ("unbiased", new.invitation.id)
    with pytest.raises(errors.Forbidden):
        await session.run_sync(submissions.submit, *send, "batchnorm2d", CODE, invitation=new.invitation)
    await interviews.revoke(session, new.invitation.id)
    with pytest.raises(errors.Gone):
        await session.run_sync(submissions.submit, *send, "batchnorm1d", CODE, invitation=new.invitation)


async def test_a_link_leads_to_its_invitation_until_it_ends(session: AsyncSession, people: People) -> None:
    new = await interviews.invite(session, people.interviewer, " Lin  Hua ", ["batchnorm1d"], days=2)
    found = await interviews.follow_link(session, new.secret)
    assert (found.id, found.candidate.name) == (new.invitation.id, "Lin Hua")
    with pytest.raises(errors.NotFound):
        await interviews.follow_link(session, new.secret + "x")
    with pytest.raises(errors.Gone):
        await interviews.follow_link(session, new.secret, at=now() + timedelta(days=3))
    renewed = await interviews.renew_link(session, new.invitation.id)
    with pytest.raises(errors.Gone):
        await interviews.follow_link(session, new.secret)
    assert (await interviews.follow_link(session, renewed.secret)).id == new.invitation.id


@pytest.mark.parametrize(
    "wrong", [{"days": 0}, {"days": 1000}, {"problem_slugs": []}, {"problem_slugs": ["nix"]}, {"accept": "both"},
              {"candidate_name": " "}, {"candidate_name": "a\0b"}]
)  # fmt: skip
async def test_an_invitation_that_makes_no_sense_is_refused(
    session: AsyncSession, people: People, wrong: dict[str, object]
) -> None:
    arguments = {"candidate_name": "Lin", "problem_slugs": ["batchnorm1d"], "days": 1, **wrong}
    with pytest.raises(errors.BadRequest):
        await interviews.invite(session, people.interviewer, **arguments)  # type: ignore[arg-type]


async def test_decisions_and_notes_are_kept(session: AsyncSession, queue: LocalQueue, people: People) -> None:
    sent = await session.run_sync(submissions.submit, queue, people.candidate, "batchnorm1d", CODE)
    await interviews.add_note(session, sent, people.interviewer, " asked about momentum ")
    await interviews.decide(session, sent, people.interviewer, "hold", "second opinion")
    await interviews.decide(session, sent, people.interviewer, "advance")
    assert [note.text for note in await interviews.notes(session, sent)] == ["asked about momentum"]
    found = [(one.outcome, one.interviewer.name) for one in await interviews.decisions(session, sent)]
    assert found == [("advance", "Ada"), ("hold", "Ada")]
    with pytest.raises(errors.BadRequest):
        await interviews.decide(session, sent, people.interviewer, "maybe")
    with pytest.raises(errors.BadRequest):
        await interviews.add_note(session, sent, people.interviewer, "  ")


# Pages -------------------------------------------------------------------------------------------------------------

JUDGED = [
    ("batchnorm1d", Verdict.ACCEPTED, 100.0),
    ("batchnorm2d", Verdict.WRONG_ANSWER, 40.0),
    ("batchnorm1d", Verdict.WRONG_ANSWER, 62.5),
    ("batchnorm1d", None, None),
    ("batchnorm2d", Verdict.ACCEPTED, 100.0),
    ("batchnorm1d", Verdict.JUDGE_ERROR, None),
]


@pytest.fixture
async def sent(session: AsyncSession, queue: LocalQueue, people: People) -> list[int]:
    """The ids of ``JUDGED``, of the candidate, with a run and a submission of CI among them."""
    ids = []
    for problem, verdict, score in JUDGED:
        one = await session.run_sync(submissions.submit, queue, people.candidate, problem, CODE)
        values = {"verdict": verdict, "score": score, "sort_score": -1.0 if score is None else score}
        await session.execute(update(Submission).where(Submission.id == one).values(**values))
        ids.append(one)
    await session.run_sync(submissions.submit, queue, people.candidate, "batchnorm1d", CODE, kind=Kind.RUN)
    await session.run_sync(submissions.submit, queue, people.token, "batchnorm1d", CODE)
    return ids


@pytest.mark.parametrize(
    ("filters", "sort", "places"),
    [
        ({}, Sort.NEWEST, [5, 4, 3, 2, 1, 0]),
        ({}, Sort.OLDEST, [0, 1, 2, 3, 4, 5]),
        ({}, Sort.BEST, [4, 0, 2, 1, 5]),
        ({}, Sort.WORST, [5, 1, 2, 0, 4]),
        ({"problem": "batchnorm1d"}, Sort.NEWEST, [5, 3, 2, 0]),
        ({"problem": "batchnorm1d"}, Sort.BEST, [0, 2, 5]),
        ({"verdict": Verdict.ACCEPTED}, Sort.NEWEST, [4, 0]),
        ({"verdict": Verdict.WRONG_ANSWER}, Sort.BEST, [2, 1]),
        ({"verdict": Verdict.WRONG_ANSWER, "problem": "batchnorm2d"}, Sort.BEST, [1]),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 50])
async def test_pages_together_are_the_whole_table_in_order(
    session: AsyncSession,
    people: People,
    sent: list[int],
    filters: dict[str, object],
    sort: Sort,
    places: list[int],
    limit: int,
) -> None:
    wanted = Filters(candidate_id=people.candidate.id, **filters)  # type: ignore[arg-type]
    found: list[int] = []
    cursor: str | None = None
    for _ in range(20):
        page = await submissions.page(session, wanted, sort=sort, cursor=cursor, limit=limit)
        found += [one.id for one in page.submissions]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == [sent[place] for place in places]


async def test_a_token_is_a_filter_too(session: AsyncSession, people: People, sent: list[int]) -> None:
    page = await submissions.page(session, Filters(token_id=people.token.id))
    assert [one.token and one.token.name for one in page.submissions] == ["ci"]


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.5", "1_2_3", "nan_", "_5", "9" * 19, "1e5", "½"])
@pytest.mark.parametrize("sort", list(Sort))
async def test_a_made_up_cursor_is_not_valid(session: AsyncSession, cursor: str, sort: Sort) -> None:
    with pytest.raises(errors.Invalid):
        await submissions.page(session, sort=sort, cursor=cursor)


async def test_a_history_shows_runs_and_submissions(session: AsyncSession, people: People, sent: list[int]) -> None:
    listed = await submissions.history(session, people.candidate.id, "batchnorm1d")
    assert [row.kind for row in listed.submissions] == [Kind.RUN, *[Kind.SUBMIT] * 4]


async def test_two_clicks_at_once_are_one_submission(database: Database, queue: LocalQueue, people: People) -> None:
    async def click() -> int:
        async with database.writing() as session:
            sent = await session.run_sync(
                submissions.submit, queue, people.candidate, "batchnorm1d", CODE, idempotency_key="once"
            )
        return sent

    assert len(set(await asyncio.gather(*(click() for _ in range(8))))) == 1
    async with database.reading() as session:
        assert (await count(session, Submission), await count(session, Judging)) == (1, 1)
