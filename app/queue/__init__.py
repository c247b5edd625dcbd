"""The queue's port: what the web process and the worker ask of it, whichever database lies behind.

The judgings row is the truth and the claim a compare-and-set that raises ``attempt``; a result is written only for
the attempt that was claimed. A back end decides how a worker learns of work, nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.database import Transaction
from app.models import Device, Kind


@dataclass(frozen=True)
class Claim:
    """A judging that is this worker's to do, with all it takes to do it."""

    judging_id: int
    attempt: int
    submission_id: int
    owner: str
    problem: str
    code: str
    kind: Kind
    device: Device
    accept: str | None
    seed: int | None
    created_at: datetime
    started_at: datetime
    begun: float = field(default_factory=time.monotonic)
    """By this process's monotonic clock."""


class Queue(Protocol):
    """Both back ends obey this."""

    def enqueue(self, transaction: Transaction, judging_id: int) -> None:
        """Make the job known, inside the transaction that inserted the judging."""

    async def work(
        self,
        worker: str,
        queues: Sequence[Device],
        slots: int,
        judge: Callable[[Claim], Awaitable[Claim | None]],
    ) -> None:
        """Claim a judging whenever one of ``slots`` is free and hand it to ``judge``, which may return the next for its
        slot, claimed with the result; return once stopped and idle."""

    def wake(self) -> None:
        """Look for work now."""

    def pause(self) -> None:
        """Claim nothing until told to ``resume``."""

    def resume(self) -> None:
        """Claim again."""

    def stop(self) -> None:
        """Claim nothing more, ever."""
