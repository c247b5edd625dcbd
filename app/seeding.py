"""Fills a database with made-up submissions, to see how the product behaves when it has grown."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import func, insert, select, text

from app.auth import create_token
from app.database import Database
from app.models import Candidate, Device, DiagnosesState, Judging, Kind, State, Submission, now
from judge import problem as problems
from judge.report import GroupResult, Timing, Verdict
from judge.report import Report as JudgeReport

BATCH = 5_000
CODE = "from torch import nn\n\n\nclass MyBatchNorm1d(nn.Module):\n    pass\n"
VERDICTS = {
    Verdict.ACCEPTED: 40, Verdict.WRONG_ANSWER: 40, Verdict.RUNTIME_ERROR: 8, Verdict.COMPILE_ERROR: 5,
    Verdict.TIME_LIMIT: 3, Verdict.RULE_VIOLATION: 2, Verdict.MEMORY_LIMIT: 1, Verdict.OUTPUT_LIMIT: 1,
}  # fmt: skip


async def seed(database: Database, submissions: int, *, per_candidate: int = 50) -> None:
    """Adds judged submissions: nine of ten by candidates, the rest by CI; the same each time for a given number."""
    chance = random.Random(submissions)  # noqa: S311 - made-up data
    slugs = problems.slugs()
    async with database.writing() as session:
        token, _ = await create_token(session, "seeded")
        first_candidate = (await session.scalar(select(func.max(Candidate.id))) or 0) + 1
        first_submission = (await session.scalar(select(func.max(Submission.id))) or 0) + 1
        first_judging = (await session.scalar(select(func.max(Judging.id))) or 0) + 1
        candidates = max(1, submissions // per_candidate)
        for start in range(0, candidates, BATCH):
            rows = [
                {"id": first_candidate + n, "name": f"Candidate {n:06}"}
                for n in range(start, min(start + BATCH, candidates))
            ]
            await session.execute(insert(Candidate), rows)
    bodies = {(slug, verdict): _body(slug, verdict) for slug in slugs for verdict in VERDICTS}
    for start in range(0, submissions, BATCH):
        batch = [
            _row(chance, slugs, first_submission + n, first_candidate + chance.randrange(candidates), token.id)
            for n in range(start, min(start + BATCH, submissions))
        ]
        async with database.writing() as session:
            tables = Submission.metadata.tables
            await session.execute(insert(tables["submissions"]), batch)
            await session.execute(insert(tables["judgings"]), list(_judgings(batch, first_judging + start)))
            reports = [
                {"judging_id": judging_id, "body": bodies[row["problem"], row["verdict"]]}
                for judging_id, row in enumerate(batch, first_judging + start)
                if row["kind"] is Kind.SUBMIT
            ]
            await session.execute(insert(tables["reports"]), reports)
        if database.is_sqlite:
            await database.shorten_log()
    async with database.writing() as session:
        if not database.is_sqlite:  # we gave the numbers ourselves, so its counters know nothing of them
            for table in ("candidates", "submissions", "judgings"):
                await session.execute(
                    text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")  # noqa: S608 - our names
                )
            await session.execute(text("ANALYZE"))


def _row(chance: random.Random, slugs: tuple[str, ...], number: int, candidate: int, token: int) -> dict[str, Any]:
    kind = Kind.RUN if chance.random() < 0.3 else Kind.SUBMIT
    by_ci = kind is Kind.SUBMIT and chance.random() < 0.1
    [verdict] = chance.choices(list(VERDICTS), list(VERDICTS.values()))
    score = None if kind is Kind.RUN else 100.0 if verdict is Verdict.ACCEPTED else float(chance.randrange(0, 200)) / 2
    return {
        "id": number, "kind": kind, "problem": chance.choice(slugs), "device": Device.CPU,
        "candidate_id": None if by_ci else candidate, "token_id": token if by_ci else None,
        "created_at": now() - timedelta(seconds=chance.randrange(90 * 86400)), "verdict": verdict, "score": score,
        "sort_score": -1.0 if score is None else score, "max_score": 100.0, "code": CODE,
    }  # fmt: skip


def _judgings(rows: list[dict[str, Any]], first: int) -> Iterator[dict[str, Any]]:
    """With numbers of their own: a submission that was judged again has two."""
    for number, row in enumerate(rows, first):
        yield {
            "id": number, "submission_id": row["id"], "state": State.DONE, "queue": Device.CPU, "priority": 0,
            "attempt": 1, "diagnoses_state": DiagnosesState.DONE, "verdict": row["verdict"], "score": row["score"],
            "created_at": row["created_at"], "started_at": row["created_at"], "finished_at": row["created_at"],
            "problem_version": "seeded", "seed": 1,
        }  # fmt: skip


def _body(slug: str, verdict: Verdict) -> str:
    problem = problems.load(slug)
    groups = tuple(
        GroupResult(group.id, group.title, group.points / 2, group.points, 1, 2, group.message)
        for group in problem.groups
    )
    report = JudgeReport(
        problem=slug, problem_version="seeded", device="cpu", seed=1, verdict=verdict, score=50.0,
        max_score=problem.max_score, conventions={}, diagnoses=(), groups=groups, checks=(), error=None,
        rule_findings=(), stdout="", stderr="", timing=Timing(10.0, 10.0, {}), peak_memory_bytes=0,
        message={"en": "Made up.", "zh": "虚构数据。"},
    )  # fmt: skip
    return msgspec.json.encode(report).decode()
