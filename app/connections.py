"""Connections that end when their client does not get on: with a request's head, with its body, or with the answer.

uvicorn itself bounds only how long a connection is kept between two requests, so a thousand clients with half a head
held all descriptors for good, and nobody else was let in. A connection looks at its state when a deadline may have
passed, and holds no timer while a request is being answered. When there are as many as there may be, those that have
kept us waiting for longest make room: whoever sends a whole request is answered, however many do not.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import time
from enum import Enum, auto
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.errors import AppError, RequestTimeout, Unavailable

HEAD_SECONDS = 10.0
"""From the connection, or from the first byte of a further request, to the end of the head. Browsers also open
connections ahead of need and open another when one was closed."""
BODY_SECONDS = 10.0
BODY_BYTES_PER_SECOND = 1024
"""Each so many bytes of a body earn a second more: a slow line passes, a byte now and then does not."""
READ_SECONDS = 60.0
"""For a client to read on, once 64 KiB of the answer wait for it."""
CLOSE_SECONDS = 5.0
"""For the last bytes of a connection that is being closed."""

MOST_CONNECTIONS = 10_000
"""A waiting one takes some 8 kB of memory."""
OTHER_DESCRIPTORS = 128
"""Left to the database, to files and to the threads that read them."""
LOG_SECONDS = 60.0

log = logging.getLogger(__name__)


def raise_descriptor_limit() -> None:
    """As far as whoever started us allows: many systems begin with 1024, for the sake of programs of long ago."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def most_connections() -> int:
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return min(MOST_CONNECTIONS, descriptors - min(OTHER_DESCRIPTORS, descriptors // 2))


class Awaited(Enum):
    """What the client has to send next."""

    HEAD = auto()
    BODY = auto()
    NOTHING = auto()
    """A request is whole: it is our turn, or the client may ask again."""


class Connection(HttpToolsProtocol):
    """uvicorn's, with deadlines."""

    _said_at = float("-inf")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._awaited = Awaited.HEAD
        self._since = self.loop.time()
        self._begun = False
        self._body_bytes = 0
        self._look_at: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None

    # What uvicorn tells ----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        super().connection_made(transport)
        if self._has_room():
            self._look_later(HEAD_SECONDS)
        else:
            self._refuse(Unavailable("Too many requests are being answered just now; send this again in a moment."))

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._look_at, self._reading):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._awaited is Awaited.NOTHING and self._is_answered:
            self._await(Awaited.HEAD)  # also for empty lines, which begin no message and end uvicorn's own timer
        super().data_received(data)
        if self._awaited is not Awaited.NOTHING and self._look_at is None:
            self._look_later(HEAD_SECONDS if self._awaited is Awaited.HEAD else BODY_SECONDS)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begun = True
        if self._awaited is Awaited.NOTHING:  # behind a request that is still being answered
            self._await(Awaited.HEAD)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._await(Awaited.BODY)

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._body_bytes += len(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._awaited = Awaited.NOTHING
        self._begun = False

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    # Deadlines -------------------------------------------------------------------------------------------------------

    @property
    def _is_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    @property
    def _waits(self) -> bool:
        """Whether the client is at fault for whatever time passes."""
        return self._awaited is not Awaited.NOTHING or self._is_answered

    def _await(self, awaited: Awaited) -> None:
        self._awaited = awaited
        self._since = self.loop.time()
        self._body_bytes = 0

    def _look_later(self, seconds: float) -> None:
        self._look_at = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        self._look_at = None
        if self._awaited is Awaited.NOTHING or self.transport.is_closing():
            return
        if self.flow.read_paused or (self._awaited is Awaited.HEAD and not self._is_answered):
            self._since = self.loop.time()  # it is we who do not read on, or who have an earlier request to answer
        allowed = HEAD_SECONDS
        if self._awaited is Awaited.BODY:
            allowed = BODY_SECONDS + self._body_bytes / BODY_BYTES_PER_SECOND
        left = self._since + allowed - self.loop.time()
        if left > 0:
            self._look_later(left)
        else:
            self._give_up()

    def _give_up(self) -> None:
        """Says why, where HTTP has a place for it: to a request that has begun and has no answer yet."""
        if self._awaited is Awaited.HEAD:
            answerable = self._begun  # an unasked 408 would be taken for the answer to what is asked next
        else:
            answerable = not self.cycle.response_started
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if answerable:
            self._refuse(RequestTimeout("The request did not arrive in time; send it again."))
        else:
            self._close()

    def _refuse(self, error: AppError) -> None:
        body = json.dumps(error.as_problem()).encode()
        headers = {
            "content-type": "application/problem+json",
            "content-length": str(len(body)),
            "connection": "close",
            **error.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(STATUS_LINE[error.status] + head.encode() + b"\r\n" + body)
        self._close()

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()  # which waits for what is still to be written
            self._reading = self._reading or self.loop.call_later(CLOSE_SECONDS, self.transport.abort)

    # Room ------------------------------------------------------------------------------------------------------------

    def _has_room(self) -> bool:
        """Makes some if need be; whether there is any."""
        most = most_connections()
        if len(self.connections) <= most:
            return True
        self._say_that_it_is_full(most)
        waiting = [
            each for each in self.connections if isinstance(each, Connection) and each is not self and each._waits
        ]
        # An eighth of them together, so that not every newcomer has to look through all.
        waiting.sort(key=lambda each: each._since)
        for each in waiting[: len(waiting) // 8 + 1]:
            each.transport.abort()
        return bool(waiting)

    @staticmethod
    def _say_that_it_is_full(most: int) -> None:
        if time.monotonic() - Connection._said_at >= LOG_SECONDS:
            Connection._said_at = time.monotonic()
            log.warning(
                "all %d connections that there may be are in use: those that have kept us waiting for longest end", most
            )
