"""How many streams and waiting requests each person holds open: each keeps a connection, and for long."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

MOST_OF_ONE_PERSON = 8
"""A browser opens one (``app/static/js/stream.js``), or one for each page that is seen where it has no locks."""
MOST_OF_GUESTS = 200
"""From one address, where anyone may become a further guest: a class passes."""
MOST_OF_A_TOKEN = 1000
"""Requests of CI that wait for a verdict, for a minute at most."""


class Streams:
    """Those of one web process, by who holds them."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    @contextlib.contextmanager
    def one_more(self, limits: dict[str, int]) -> Iterator[bool]:
        """Whether each of those it is counted for may hold another; it is counted, if so, until the block ends."""
        has_room = all(self._open[who] < most for who, most in limits.items())
        counted = list(limits) if has_room else []
        self._open.update(counted)
        try:
            yield has_room
        finally:
            self._open.subtract(counted)
            for who in counted:
                if not self._open[who]:
                    del self._open[who]
