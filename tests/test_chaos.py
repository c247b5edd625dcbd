"""A short form of ``make chaos``: whatever is killed, stopped or starved, nothing is lost, double, stuck or wrong."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

SPEC = importlib.util.spec_from_file_location("chaos", Path(__file__).with_name("chaos.py"))
assert SPEC is not None
assert SPEC.loader is not None
chaos = sys.modules["chaos"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(chaos)


def test_blows_leave_nothing_lost_double_stuck_or_wrong(tmp_path: Path) -> None:
    said: list[str] = []
    url = f"sqlite:///{tmp_path / 'handcode.db'}"
    tally = chaos.run(url, tmp_path, seed=7, submissions=24, say=said.append)
    assert tally.clean, "\n".join(said)


def test_chaos_tells_what_is_lost_double_stuck_or_wrong(tmp_path: Path) -> None:
    """What it prints would be worth nothing if it could not fail."""
    from app.migrating import migrate

    url = f"sqlite:///{tmp_path / 'handcode.db'}"
    migrate(url)
    engine = chaos.create_engine(url)
    with engine.begin() as connection:
        for number, state, verdict in ((1, "done", "accepted"), (2, "queued", None), (3, "done", "judge_error")):
            connection.exec_driver_sql(
                "INSERT INTO submissions (id, kind, problem, device, token_id, created_at, verdict, sort_score, code) "
                "VALUES (?, 'submit', 'batchnorm1d', 'cpu', 1, '2026-01-01 00:00:00.000000', ?, -1, 'x')",
                (number, verdict),
            )
            connection.exec_driver_sql(
                "INSERT INTO judgings (id, submission_id, state, queue, priority, attempt, created_at, verdict) "
                "VALUES (?, ?, ?, 'cpu', 0, 1, '2026-01-01 00:00:00.000000', ?)",
                (number, number, state, verdict),
            )
        connection.exec_driver_sql("INSERT INTO reports (judging_id, body) VALUES (1, '{}')")
    engine.dispose()
    tally = chaos.Tally()
    chaos.compare(url, {1: "accepted", 2: "accepted", 3: "accepted", 4: "accepted"}, 4, tally)
    assert {name: len(cases) for name, cases in vars(tally).items()} == {"lost": 1, "double": 0, "stuck": 1, "wrong": 1}
    tally = chaos.Tally()
    chaos.compare(url, {1: "accepted"}, 1, tally)
    assert len(tally.double) == 1, "more are stored than were sent"
