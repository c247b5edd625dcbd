"""What every request passes through: the origin of forms is checked, answers get their headers, time is measured."""

from __future__ import annotations

import logging
import re
import secrets
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import AppError, Forbidden, TooLarge
from app.logs import REQUEST_ID
from app.metrics import WebMetrics

log = logging.getLogger("app.access")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
API = "/api/"
STATIC = "/static/"


MAX_BODY_BYTES = 512 * 1024
"""64 KiB of code, each byte of which JSON may write as six, and room for the rest."""
TOO_LARGE = f"A request has at most {MAX_BODY_BYTES} bytes."


REQUEST_ID_HEADER = "X-Request-ID"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,64}")


def request_id(headers: Headers) -> str:
    """The one that was sent, if it can stand in a log as it is, or a new one."""
    sent = headers.get(REQUEST_ID_HEADER, "")
    return sent if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)


def csp(nonce: str) -> str:
    """No inline script, nothing from elsewhere. The nonce is for the style sheets the code editor makes in scripts."""
    return (
        "default-src 'none'; script-src 'self'; "
        f"style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def comes_from_elsewhere(headers: Headers, public_url: str) -> bool:
    """Whether a browser says that another site sent this form.

    ``Sec-Fetch-Site`` cannot be set by a page. Browsers send it to https and to this machine only; over plain http they
    send ``Origin``, which names us as the browser knows us: by the ``Host`` it asked for or, behind a proxy that asks
    us for another, by ``public_url``. A client that sends neither is no browser, and our cookies are ``SameSite=Lax``
    besides.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None or urlsplit(origin).netloc == headers.get("host"):
        return False
    return not public_url or _place(origin) != _place(public_url)


def _place(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port; two that are equal are one origin, however they were written."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:  # a number that no port has
        port = -1
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)


def _limited(receive: Receive) -> Receive:
    """Counts the body as it comes: one sent in chunks does not say its length."""
    received = 0

    async def receive_some() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY_BYTES:
            raise HTTPException(413, TOO_LARGE)  # the one exception FastAPI's reader of bodies lets through
        return message

    return receive_some


class Guard:
    """One pass around the application; plain ASGI, since this is on the way of every verdict."""

    def __init__(self, app: ASGIApp, metrics: WebMetrics, *, https: bool, public_url: str) -> None:
        self.app = app
        self.metrics = metrics
        self.https = https
        self.public_url = public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()
        REQUEST_ID.set(request_id(Headers(scope=scope)))  # for this task, which is the request's own
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["csp_nonce"] = nonce
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(scope, MutableHeaders(scope=message), nonce)
            await send(message)

        try:
            await self._answer(scope, _limited(receive), send_with_headers)
        finally:
            self._record(scope, status, time.perf_counter() - begun)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = self._refusal(scope)
        if error is None:
            await self.app(scope, receive, send)
        else:
            request = Request(scope, receive)
            await request.app.state.render_error(request, error)(scope, receive, send)

    def _refusal(self, scope: Scope) -> AppError | None:
        """Why this request goes no further. Forms of other sites do not; the API is not asked, since no browser adds
        its token by itself."""
        headers = Headers(scope=scope)
        if int(headers.get("content-length") or 0) > MAX_BODY_BYTES:
            return TooLarge(TOO_LARGE)
        form = scope["method"] not in SAFE_METHODS and not scope["path"].startswith(API)
        if form and comes_from_elsewhere(headers, self.public_url):
            return Forbidden("This form was sent from another site; open the page here and send it again.")
        return None

    def _add_headers(self, scope: Scope, headers: MutableHeaders, nonce: str) -> None:
        path: str = scope["path"]
        headers["X-Content-Type-Options"] = "nosniff"
        headers[REQUEST_ID_HEADER] = REQUEST_ID.get() or ""
        if self.https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if path.startswith(STATIC):
            # A file asked for by its version never changes; any other is asked for again and answered 304.
            fixed = scope["query_string"].startswith(b"v=")
            headers["Cache-Control"] = "public, max-age=31536000, immutable" if fixed else "no-cache"
            return
        headers.setdefault("Cache-Control", "private, no-cache")
        if path.startswith(API):
            return
        headers["Content-Security-Policy"] = csp(nonce)
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["X-Frame-Options"] = "DENY"

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope)
        self.metrics.requests.labels(scope["method"], route, str(status)).observe(seconds)
        # 503 is said once, by whoever found what is away: the database, or what /readyz looks for.
        quiet = status < 400 or status == 503
        level = logging.DEBUG if quiet else logging.INFO if status < 500 else logging.ERROR
        log.log(level, "%s %s %d", scope["method"], route, status, extra={"ms": round(seconds * 1000, 2)})


def route_of(scope: Scope) -> str:
    """The path with its parameters named again: a bare path would make a time series for each submission, and write
    the secrets of invitation links into logs."""
    if "endpoint" not in scope:
        return "unmatched"
    if scope["path"].startswith(STATIC):
        return STATIC
    names = {str(value): f"{{{name}}}" for name, value in scope.get("path_params", {}).items()}
    return "/".join(names.get(part, part) for part in scope["path"].split("/"))
