"""Counts and durations for Prometheus: the web process's own, and what workers write with their heartbeats."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from app.models import Worker

BUCKETS_MS = (1, 2, 5, 10, 15, 20, 30, 50, 75, 100, 200, 500, 1000, 2000, 5000, 10000, 30000)
REQUEST_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)


class WebMetrics:
    """The registry of one web process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "handcode_request_seconds", "Time to answer a request.", ["method", "route", "status"],
            buckets=REQUEST_BUCKETS_S, registry=self.registry,
        )  # fmt: skip
        self.waiting = Gauge("handcode_queued_judgings", "Judgings waiting in the queue.", registry=self.registry)

    def render(self, workers: Sequence[Worker]) -> bytes:
        """Everything as text: a scrape of the web process also sees each worker."""
        registry = CollectorRegistry()
        registry.register(_WorkerMetrics(workers))
        return generate_latest(self.registry) + generate_latest(registry)


class StageTimes:
    """A worker's histograms, small enough to be written with its heartbeat: no second port to scrape."""

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}
        self._verdicts: dict[str, int] = {}
        self._recent_ms: float | None = None

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
            "recent_ms": self._recent_ms,
            "stages": {
                stage: {"counts": counts, "sum_ms": round(self._sums[stage], 3)}
                for stage, counts in self._counts.items()
            },
        }


class _WorkerMetrics(Collector):
    def __init__(self, workers: Iterable[Worker]) -> None:
        self._workers = workers

    def collect(self) -> Iterator[HistogramMetricFamily | CounterMetricFamily]:
        stages = HistogramMetricFamily(
            "handcode_stage_seconds", "Where the time of a judging goes.", labels=["worker", "stage"]
        )
        verdicts = CounterMetricFamily("handcode_verdicts", "Judgings done.", labels=["worker", "verdict"])
        for worker in self._workers:
            metrics = worker.metrics or {}
            for stage, times in metrics.get("stages", {}).items():
                stages.add_metric([worker.name, stage], _buckets(times["counts"]), times["sum_ms"] / 1000)
            for verdict, count in metrics.get("verdicts", {}).items():
                verdicts.add_metric([worker.name, verdict], count)
        yield stages
        yield verdicts


def _buckets(counts: list[int]) -> list[tuple[str, int]]:
    """Prometheus wants each bucket to hold all smaller ones, in seconds."""
    bounds = [str(milliseconds / 1000) for milliseconds in BUCKETS_MS] + ["+Inf"]
    sums = [sum(counts[: position + 1]) for position in range(len(counts))]
    return list(zip(bounds, sums, strict=True))
