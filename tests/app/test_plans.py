"""The plans of the queries that must stay flat at a million submissions: an index each, no scan, no sorting."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Select, insert, select, text
from sqlalchemy.dialects import sqlite

from app import counting, interviews, judgings, submissions, turns, waiting
from app.clock import database_now
from app.database import Database
from app.models import Candidate, Device, Judging, Kind, State, Submission
from app.submissions import Filters, Sort
from judge.report import Verdict
from tests.app.conftest import CODE, People

pytestmark = pytest.mark.anyio

PAGES = [
    (Filters(problem=problem, verdict=verdict), sort, cursor)
    for problem, verdict, sort, cursor in itertools.product(
        (None, "batchnorm1d"), (None, Verdict.ACCEPTED), Sort, (False, True)
    )
]


async def plan_on_sqlite(database: Database, statement: Any, **parameters: Any) -> list[str]:
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="named"))
    bound = {**compiled.params, **parameters}
    async with database.reading() as session:
        rows = await session.execute(text("EXPLAIN QUERY PLAN " + _plain(str(compiled))), _simple(bound))
        return [row.detail for row in rows]


def _plain(statement: str) -> str:
    """Without the marks for lists of values, which only an execution fills in."""
    return statement.replace("::", ":")


def _simple(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, int | float | str) else str(value) for name, value in values.items()}


def _cursor(sort: Sort) -> str:
    return "50.0_100" if "score" in sort else "100"


@pytest.mark.parametrize(("filters", "sort", "with_cursor"), PAGES)
async def test_a_page_is_read_from_one_index(sqlite_url: str, filters: Filters, sort: Sort, with_cursor: bool) -> None:
    database = Database(sqlite_url)
    query = submissions.page_query(filters, sort, _cursor(sort) if with_cursor else None, 50)
    plan = await plan_on_sqlite(database, query)
    await database.close()
    assert not [step for step in plan if "TEMP B-TREE" in step], plan
    assert "USING INDEX ix_submissions_" in plan[0], plan
    for step in plan[1:]:
        assert step.startswith("SEARCH"), plan


@pytest.mark.parametrize("owner", [{"candidate_id": 1}, {"token_id": 1}])
async def test_a_senders_page_is_read_from_the_senders_index(sqlite_url: str, owner: dict[str, int]) -> None:
    database = Database(sqlite_url)
    plan = await plan_on_sqlite(database, submissions.page_query(Filters(**owner), Sort.NEWEST, None, 50))
    await database.close()
    assert plan[0].startswith("SEARCH submissions USING INDEX ix_submissions_"), plan
    assert "SCAN" not in str(plan), plan
    assert "TEMP B-TREE" not in str(plan), plan


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        (judgings.CLAIM, {"wanted": "cpu", "by": "w", "lease_seconds": 20.0}),
        (submissions.DETAIL, {"submission": 1}),
        (submissions.history_query(1, "batchnorm1d", None, 50), {}),
        (submissions.history_query(1, "batchnorm1d", 100, 50), {}),
        (interviews.invitations_query(100, 50), {}),
        (interviews.candidates_query("", 200), {}),
        (interviews.candidates_query("Li", 200), {}),
        (select(Judging.id).where(judgings.RUNNING, Judging.lease_until < database_now()), {}),
    ],
    ids=["claim", "detail", "history", "older history", "older invitations", "names", "names from", "lost leases"],
)
async def test_the_way_of_a_verdict_scans_nothing(sqlite_url: str, statement: Any, parameters: dict[str, Any]) -> None:
    database = Database(sqlite_url)
    plan = await plan_on_sqlite(database, statement, **parameters)
    await database.close()
    assert plan
    assert not [step for step in plan if step.startswith("SCAN") or "TEMP B-TREE" in step], plan


@pytest.mark.parametrize("filters", [Filters(), Filters(problem="batchnorm1d"), Filters(verdict=Verdict.ACCEPTED)])
async def test_a_count_is_read_from_an_index_as_far_as_it_goes(sqlite_url: str, filters: Filters) -> None:
    database = Database(sqlite_url)
    plan = await plan_on_sqlite(database, counting.submitted_query(filters))
    await database.close()
    assert any("submissions USING INDEX ix_submissions_" in step for step in plan), plan
    assert "TEMP B-TREE" not in str(plan), plan


async def test_what_a_candidate_sent_is_counted_from_their_own_rows(sqlite_url: str) -> None:
    """Numbers without a row being read; the best of each problem by sorting what that candidate sent, and no more."""
    database = Database(sqlite_url)
    query = counting.numbers_query([1]).compile(database.engine.sync_engine, compile_kwargs={"literal_binds": True})
    async with database.reading() as session:
        numbers = [row.detail for row in await session.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
    totals = await plan_on_sqlite(database, counting.totals_query(1))
    await database.close()
    wanted = "USING COVERING INDEX ix_submissions_numbers (candidate_id=? AND problem=? AND kind=? AND id<?)"
    assert any(wanted in step for step in numbers), numbers
    assert any("SEARCH submissions USING INDEX ix_submissions_numbers (candidate_id=?)" in one for one in totals), (
        totals
    )


async def test_turns_are_taken_by_indices_of_what_is_not_done(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    names = {"its_owner": "", "low": 0, "high": 1, "head_start": 0, "submission_id": 1, "state": "", "queue": "cpu"}
    plans = [await plan_on_sqlite(database, statement, **names) for statement in (turns.PASS_ON, turns.ADD)]
    await database.close()
    for step in (step for plan in plans for step in plan if "judgings" in step):
        owners = re.match(r"SEARCH judgings USING (COVERING )?INDEX ix_judgings_owner \(owner=\?", step)
        running = re.search(r"judgings USING (COVERING )?INDEX ix_judgings_lease", step)  # no more than there are slots
        assert owners or running or "USING INTEGER PRIMARY KEY" in step, step


async def test_those_before_are_counted_in_the_queues_index(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    plan = await plan_on_sqlite(database, waiting.before_query(1, Device.CPU, 1))
    await database.close()
    assert "SEARCH judgings USING INDEX ix_judgings_queued (queue=? AND place<?)" in plan, plan


async def test_what_wakes_a_worker_is_read_from_the_queues_index(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with database.reading() as session:
        plan = [row.detail for row in await session.execute(text("EXPLAIN QUERY PLAN " + judgings.ANY_QUEUED))]
    await database.close()
    assert plan in (
        ["SCAN judgings USING INDEX ix_judgings_queued"],
        ["SCAN judgings USING INDEX ix_judgings_owner"],
    ), "of which only queued ones are part"


ROWS = 20_000


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_postgresql_reads_pages_from_indices_too(database: Database, people: People) -> None:
    """With rows and statistics: PostgreSQL rightly scans a small table."""
    await fill(database, people)
    for filters, sort, with_cursor in PAGES:
        query = submissions.page_query(filters, sort, _cursor(sort) if with_cursor else None, 50)
        plan = await plan_on_postgresql(database, query)
        assert "Seq Scan on submissions" not in plan, plan
        assert "ix_submissions_" in plan or "pk_submissions" in plan, plan
    for number in (people.candidate.id, people.candidate.id + 1):
        for query in (
            submissions.history_query(number, "batchnorm1d", None, 50),
            counting.totals_query(number),
            counting.numbers_query([number]),
            counting.submitted_query(Filters(candidate_id=number)),
        ):
            plan = await plan_on_postgresql(database, query)
            assert "Seq Scan on submissions" not in plan, plan
    async with database.writing() as session:
        await session.execute(text("UPDATE judgings SET state = 'queued' WHERE id % 1000 = 0"))
        await session.execute(text("ANALYZE"))
    async with database.writing() as session:
        claim = await session.run_sync(judgings.claim_next, "w", [Device.CPU], timedelta(seconds=20))
        rows = await session.execute(
            text("EXPLAIN SELECT id FROM judgings WHERE state = 'queued' AND queue = 'cpu' "
                 "ORDER BY place, id LIMIT 1 FOR UPDATE SKIP LOCKED")
        )  # fmt: skip
        plan = "\n".join(row[0] for row in rows)
    assert claim is not None
    assert "ix_judgings_queued" in plan, plan


async def plan_on_postgresql(database: Database, query: Select[Any]) -> str:
    async with database.engine.connect() as connection:
        compiled = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        rows = await connection.execute(text("EXPLAIN " + str(compiled).replace(":", "\\:")))
        return "\n".join(row[0] for row in rows)


async def fill(database: Database, people: People) -> None:
    verdicts = list(Verdict)
    async with database.writing() as session:
        await session.execute(insert(Candidate), [{"name": f"candidate {n}", "guest": False} for n in range(100)])
        first = people.candidate.id
        await session.execute(
            insert(Submission),
            [
                {
                    "kind": Kind.SUBMIT, "problem": f"batchnorm{1 + n % 2}d", "device": Device.CPU, "code": CODE,
                    "candidate_id": first + n % 100, "verdict": verdicts[n % 9], "score": float(n % 100),
                    "sort_score": float(n % 100),
                }
                for n in range(ROWS)
            ],
        )  # fmt: skip
        ids = (await session.execute(select(Submission.id))).scalars()
        await session.execute(
            insert(Judging), [{"submission_id": one, "queue": Device.CPU, "state": State.DONE} for one in ids]
        )
        await session.execute(text("ANALYZE"))
