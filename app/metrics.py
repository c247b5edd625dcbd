"""Counts and durations for Prometheus: the web process's own, what the database says when asked, and what workers write
with their heartbeats, summed up so that no series comes and goes with a worker."""

from __future__ import annotations

import platform
import tomllib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from app.clock import database_now
from app.judgings import QUEUED, RUNNING
from app.migrating import PROJECT, newest_version
from app.models import Device, Judging, Kind, Submission, Worker
from app.submissions import WORKER_SILENCE_SECONDS
from judge.report import Verdict

BUCKETS_MS = (1, 2, 5, 10, 15, 20, 30, 50, 75, 100, 200, 500, 1000, 2000, 5000, 10000, 30000)
REQUEST_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
WORKER_STATES = ("ready", "starting", "interrupted", "silent")


class WebMetrics:
    """The registry of one web process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)  # memory, processor, descriptors and how many there may be
        self.requests = Histogram(
            "handcode_request_seconds", "Time to answer a request.", ["method", "route", "status"],
            buckets=REQUEST_BUCKETS_S, registry=self.registry,
        )  # fmt: skip
        self._told = Told()

    def render(self, session: Session) -> bytes:
        """Everything as text."""
        registry = CollectorRegistry()
        found = [_build(), _judge_errors(session), *_queues(session), *_workers(session), *self._told.add(session)]
        registry.register(_Found(found))
        return generate_latest(self.registry) + generate_latest(registry)


class _Found(Collector):
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def _build() -> Metric:
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    values = {"version": version, "tables": newest_version(), "python": platform.python_version()}
    return InfoMetricFamily("handcode_build", "What runs here.", value=values)


def _judge_errors(session: Session) -> Metric:
    """Counted in the database: one may also be the end of a worker that told nothing any more."""
    query = (
        select(func.count())
        .select_from(Submission)
        .where(Submission.kind == literal_column(f"'{Kind.SUBMIT}'"), Submission.verdict == Verdict.JUDGE_ERROR)
    )
    errors = GaugeMetricFamily("handcode_judge_error_submissions", "Submissions that could not be judged.")
    errors.add_metric([], session.execute(query).scalar_one())
    return errors


def _queues(session: Session) -> list[Metric]:
    queued = GaugeMetricFamily("handcode_queued_judgings", "Judgings that wait.", labels=["device"])
    running = GaugeMetricFamily("handcode_running_judgings", "Judgings in work.", labels=["device"])
    oldest = GaugeMetricFamily(
        "handcode_oldest_queued_seconds", "For how long the oldest of those that wait has waited.", labels=["device"]
    )
    waits = {
        row.queue: row
        for row in session.execute(
            select(Judging.queue, func.count().label("number"), func.min(Judging.created_at).label("oldest"))
            .where(QUEUED)
            .group_by(Judging.queue)
        )
    }
    runs = {
        row.queue: row.number
        for row in session.execute(
            select(Judging.queue, func.count().label("number")).where(RUNNING).group_by(Judging.queue)
        )
    }
    now = session.execute(select(database_now())).scalar_one()
    for device in Device:
        waiting = waits.get(device)
        queued.add_metric([device], waiting.number if waiting else 0)
        running.add_metric([device], runs.get(device, 0))
        oldest.add_metric([device], max(0.0, (now - waiting.oldest).total_seconds()) if waiting else 0.0)
    return [queued, running, oldest]


def _workers(session: Session) -> list[Metric]:
    """Those of the last hour: after that a silent one is forgotten."""
    found: Counter[tuple[str, str]] = Counter()
    silent = (Worker.last_seen < database_now(-WORKER_SILENCE_SECONDS)).label("silent")
    for row in session.execute(select(Worker.queues, Worker.ready, Worker.quarantined, silent)):
        state = "silent" if row.silent else "interrupted" if row.quarantined else "ready" if row.ready else "starting"
        found.update((queue, state) for queue in row.queues)
    workers = GaugeMetricFamily("handcode_workers", "Workers by device and state.", labels=["device", "state"])
    for device in Device:
        for state in WORKER_STATES:
            workers.add_metric([device, state], found[device, state])
    return [workers]


class Told:
    """What workers told of their judgings, since this process first heard of each: it only grows, also when a worker
    ends and its row with it."""

    def __init__(self) -> None:
        self._last: dict[str, dict[str, Any]] = {}
        self._verdicts: Counter[str] = Counter()
        self._retries = 0
        self._counts: dict[str, list[int]] = {}
        self._sums: Counter[str] = Counter()

    def add(self, session: Session) -> list[Metric]:
        """Everything told until now."""
        rows = session.execute(select(Worker.name, Worker.metrics)).all()
        for row in rows:
            self._add(row.metrics or {}, self._last.get(row.name, {}))
        self._last = {row.name: row.metrics or {} for row in rows}
        return self._metrics()

    def _add(self, now: dict[str, Any], before: dict[str, Any]) -> None:
        told = before.get("verdicts", {})
        self._verdicts.update(
            {verdict: count - told.get(verdict, 0) for verdict, count in now.get("verdicts", {}).items()}
        )
        self._retries += now.get("retries", 0) - before.get("retries", 0)
        for stage, times in now.get("stages", {}).items():
            earlier = before.get("stages", {}).get(stage, {"counts": [0] * len(times["counts"]), "sum_ms": 0.0})
            counts = self._counts.setdefault(stage, [0] * len(times["counts"]))
            for place, (count, had) in enumerate(zip(times["counts"], earlier["counts"], strict=True)):
                counts[place] += count - had
            self._sums[stage] += times["sum_ms"] - earlier["sum_ms"]

    def _metrics(self) -> list[Metric]:
        verdicts = CounterMetricFamily("handcode_verdicts", "Judgings done, by verdict.", labels=["verdict"])
        for verdict in Verdict:
            verdicts.add_metric([verdict], self._verdicts[verdict])
        retries = CounterMetricFamily("handcode_retries", "Judgings given back after a fault of ours.")
        retries.add_metric([], self._retries)
        stages = HistogramMetricFamily("handcode_stage_seconds", "Where the time of a judging goes.", labels=["stage"])
        for stage, counts in self._counts.items():
            stages.add_metric([stage], _buckets(counts), self._sums[stage] / 1000)
        return [verdicts, retries, stages]


class StageTimes:
    """A worker's histograms, small enough to be written with its heartbeat: no second port to scrape."""

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}
        self._verdicts: dict[str, int] = {}
        self._retries = 0
        self._recent_ms: float | None = None

    def observe_fault(self, *, given_up: bool) -> None:
        """A judging that went back by our fault, or ended in ``judge_error`` after the last attempt."""
        if given_up:
            self._verdicts[Verdict.JUDGE_ERROR] = self._verdicts.get(Verdict.JUDGE_ERROR, 0) + 1
        else:
            self._retries += 1

    def observe(self, verdict: str, stages_ms: dict[str, float]) -> None:
        self._verdicts[verdict] = self._verdicts.get(verdict, 0) + 1
        self.observe_stages(stages_ms)
        took = stages_ms["judging"]
        self._recent_ms = took if self._recent_ms is None else self._recent_ms + (took - self._recent_ms) / 10

    def observe_stages(self, stages_ms: dict[str, float]) -> None:
        for stage, milliseconds in stages_ms.items():
            counts = self._counts.setdefault(stage, [0] * (len(BUCKETS_MS) + 1))
            counts[bisect_left(BUCKETS_MS, milliseconds)] += 1
            self._sums[stage] = self._sums.get(stage, 0.0) + milliseconds

    def to_dict(self) -> dict[str, Any]:
        return {
            "verdicts": dict(self._verdicts),
            "retries": self._retries,
            "recent_ms": self._recent_ms,
            "stages": {
                stage: {"counts": counts, "sum_ms": round(self._sums[stage], 3)}
                for stage, counts in self._counts.items()
            },
        }


def _buckets(counts: list[int]) -> list[tuple[str, int]]:
    """Prometheus wants each bucket to hold all smaller ones, in seconds."""
    bounds = [str(milliseconds / 1000) for milliseconds in BUCKETS_MS] + ["+Inf"]
    sums = [sum(counts[: position + 1]) for position in range(len(counts))]
    return list(zip(bounds, sums, strict=True))
