"""HEAD on every address that takes GET, and which methods an address takes at all.

FastAPI answers HEAD with 405, and its ``Allow`` names the methods of one route where several share an address.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.routing import Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def allowed(request: Request) -> str:
    """What the ``Allow`` of this address says."""
    routes = [route for route in request.app.router.routes if not isinstance(route, Mount)]
    taken = [
        method
        for method in _METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ] or ["GET"]  # the files below a mount
    return ", ".join(["GET", "HEAD", *taken[1:]] if taken[0] == "GET" else taken)


class Head:
    """Has the application answer HEAD as GET and leaves the body out; plain ASGI, like the pass around it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        begun = asyncio.Event()

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                begun.set()

        async def hang_up() -> Message:
            """A stream of events would go on for minutes after its head."""
            await begun.wait()
            return {"type": "http.disconnect"}

        # A copy, since the server looks into its own to know that no body may follow.
        asked = {**scope, "method": "GET"}
        try:
            await self.app(asked, hang_up, send_head)
        finally:
            scope.update({name: value for name, value in asked.items() if name != "method"})
        await send({"type": "http.response.body", "body": b""})
