"""What is logged while the database is away: a line when it begins, one a minute, and one when it is over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

SAY_AGAIN_SECONDS = 60.0
QUIET_SECONDS = 10.0
"""Without a further complaint, before it is over: while a database is locked, some of it is still answered."""

log = logging.getLogger(__name__)


class Outage:
    """Of one database, as one process sees it. A line for each request that it fails would be thousands."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: float | None = None
        self._last_met = 0.0
        self._said_at = 0.0
        self._times = 0

    def met(self, where: str, error: BaseException) -> None:
        """The database could not be asked; ``where`` says for what."""
        now = self._clock()
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        self._last_met = now
        self._times += 1
        if self._began is None:
            self._began = self._said_at = now
            self._times = 1
            log.warning("the database is away (%s): %s", where, reason)
        elif now - self._said_at >= SAY_AGAIN_SECONDS:
            self._said_at = now
            log.warning(
                "the database is still away after %d s, and was asked %d times; lately %s: %s",
                now - self._began, self._times, where, reason,
            )  # fmt: skip

    def answered(self) -> None:
        """The database did what it was asked."""
        if self._began is not None and self._clock() - self._last_met >= QUIET_SECONDS:
            log.warning(
                "the database is back: it was away for %d s, and was asked %d times",
                self._last_met - self._began, self._times,
            )  # fmt: skip
            self._began = None
