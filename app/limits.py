"""How often one sender may do a thing: a token bucket for each, in the memory of the one web process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.requests import HTTPConnection

from app.errors import TooManyRequests

MAX_SENDERS = 10_000


class RateLimiter:
    """A bucket holds a minute's worth and refills evenly, so a burst passes and a flood does not."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self._lock = threading.RLock()  # passwords are counted by the threads that hash them

    def check(self, action: str, sender: object, per_minute: int) -> None:
        """Counts one ``action`` of ``sender``; raises ``TooManyRequests`` with the seconds to wait."""
        with self._lock:
            self.require_room(action, sender, per_minute)
            self.count(action, sender, per_minute)

    def require_room(self, action: str, sender: object, per_minute: int) -> None:
        """Raises what ``check`` would raise, and counts nothing."""
        with self._lock:
            left = self._left(action, sender, per_minute)
        if left < 1:
            wait = (1 - left) * 60 / per_minute
            raise TooManyRequests(
                f"Too many in a short time; try again in {max(1, round(wait))} s.", retry_after_seconds=wait
            )

    def count(self, action: str, sender: object, per_minute: int) -> None:
        with self._lock:
            left = self._left(action, sender, per_minute)
            self._buckets.pop((action, str(sender)), None)
            self._buckets[action, str(sender)] = (left - 1, self._clock())
            if len(self._buckets) > MAX_SENDERS:
                self._buckets.pop(next(iter(self._buckets)))  # the one not heard of for longest

    def _left(self, action: str, sender: object, per_minute: int) -> float:
        now = self._clock()
        left, at = self._buckets.get((action, str(sender)), (float(per_minute), now))
        return min(float(per_minute), left + (now - at) * per_minute / 60)


@dataclass(frozen=True)
class Attempts:
    """Wrong passwords from one address: ``per_minute`` of them, and half as many for one name.

    Counted where they come from: whoever guesses somebody's password elsewhere locks nobody out. Right ones are not.
    """

    limiter: RateLimiter
    address: str
    name: str
    per_minute: int

    def require_room(self) -> None:
        """Raises ``TooManyRequests``."""
        for sender, per_minute in self._counted():
            self.limiter.require_room("password", sender, per_minute)

    def count(self) -> None:
        for sender, per_minute in self._counted():
            self.limiter.count("password", sender, per_minute)

    def _counted(self) -> tuple[tuple[str, int], ...]:
        return (self.address, self.per_minute), (f"{self.address} {self.name}", (self.per_minute + 1) // 2)


def address_of(connection: HTTPConnection) -> str:
    """Under which address a sender is counted. Of IPv6 it is the network: one sender has all the addresses in it."""
    host = connection.client.host if connection.client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or IPv6Network((int(address), 64), strict=False))
