"""What is told to whoever waits for a verdict: how many are before, how long it may take, whether the queue moves.

The one place that says so, for pages and API alike.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, func, literal_column, select, tuple_

from app.clock import database_now
from app.database import Transaction
from app.models import Device, Judging, State, Worker
from app.processes import is_gone
from app.submissions import WORKER_SILENCE_SECONDS

OVERDUE_SECONDS = 8.0
"""A worker whose heartbeat, one every 5 seconds, is so late may have ended: no time is told from it."""

MOST_COUNTED = 1000
"""Whoever has so many before them need not know how many more; the count stays cheap however long the queue is."""

_QUEUED = Judging.state == literal_column(f"'{State.QUEUED}'")


class Pace(StrEnum):
    """Whether the queue moves."""

    MOVING = "moving"
    STARTING = "starting"
    INTERRUPTED = "interrupted"
    """Workers live, but none of them can make a cell now, or one found a wall broken."""
    NO_WORKER = "no_worker"


@dataclass(frozen=True)
class Waiting:
    """How a queued judging stands. ``ahead`` is counted up to ``MOST_COUNTED``; ``expected_seconds`` until its verdict
    is None while nothing is judged, or nothing was judged lately that it could be told from."""

    queue: Pace
    ahead: int
    expected_seconds: float | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def waiting(transaction: Transaction, judging_id: int) -> Waiting | None:
    """None when the judging is not queued."""
    stands = transaction.execute(
        select(Judging.queue, Judging.place).where(Judging.id == judging_id, _QUEUED)
    ).one_or_none()
    if stands is None:
        return None
    before = transaction.execute(before_query(judging_id, stands.queue, stands.place)).scalar_one()
    return _outlook(before, _workers(transaction, stands.queue))


def before_query(judging_id: int, queue: Device, place: int) -> Any:
    before: Select[Any] = (
        select(literal_column("1"))
        .where(_QUEUED, Judging.queue == queue, tuple_(Judging.place, Judging.id) < (place, judging_id))
        .limit(MOST_COUNTED)
    )
    return select(func.count()).select_from(before.subquery())


def _workers(transaction: Transaction, device: Device) -> list[Row[Any]]:
    heard_of = Worker.last_seen > database_now(-WORKER_SILENCE_SECONDS)
    lately = (Worker.last_seen > database_now(-OVERDUE_SECONDS)).label("lately")
    told = (Worker.queues, Worker.slots, Worker.ready, Worker.quarantined, Worker.metrics, Worker.host, Worker.pid)
    rows = transaction.execute(select(*told, lately).where(heard_of))
    return [row for row in rows if device in row.queues and not is_gone(row.host, row.pid)]


def _outlook(ahead: int, workers: list[Row[Any]]) -> Waiting:
    sound = [worker for worker in workers if worker.ready and worker.quarantined is None]
    if not sound:
        ill = any(worker.quarantined is not None for worker in workers)
        return Waiting(Pace.INTERRUPTED if ill else Pace.STARTING if workers else Pace.NO_WORKER, ahead, None)
    sound = [worker for worker in sound if worker.lately]
    known = [recent for worker in sound if (recent := (worker.metrics or {}).get("recent_ms")) is not None]
    if not known:
        return Waiting(Pace.MOVING, ahead, None)
    rounds = ahead / sum(worker.slots for worker in sound) + 1
    return Waiting(Pace.MOVING, ahead, round(rounds * sum(known) / len(known) / 1000, 1))
