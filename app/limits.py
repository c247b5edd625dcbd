"""How often one sender may do a thing: a token bucket for each, in the memory of the one web process."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.errors import TooManyRequests

MAX_SENDERS = 10_000


class RateLimiter:
    """A bucket holds a minute's worth and refills evenly, so a burst passes and a flood does not."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def check(self, action: str, sender: object, per_minute: int) -> None:
        """Counts one ``action`` of ``sender``; raises ``TooManyRequests`` with the seconds to wait."""
        now = self._clock()
        key = (action, str(sender))
        left, at = self._buckets.pop(key, (float(per_minute), now))
        left = min(float(per_minute), left + (now - at) * per_minute / 60)
        allowed = left >= 1
        self._buckets[key] = (left - 1 if allowed else left, now)
        if len(self._buckets) > MAX_SENDERS:
            self._buckets.pop(next(iter(self._buckets)))  # the one not heard of for longest
        if not allowed:
            wait = (1 - left) * 60 / per_minute
            raise TooManyRequests(
                f"Too many in a short time; try again in {max(1, round(wait))} s.", retry_after_seconds=wait
            )
