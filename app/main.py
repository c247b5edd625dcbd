"""The web application: what is opened at start, which routes there are, and how an error is shown."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app import api, pages
from app.config import Settings
from app.database import DATABASE_AWAY, Database
from app.errors import (
    BY_STATUS,
    AppError,
    BadRequest,
    Internal,
    Invalid,
    RequestTimeout,
    Unavailable,
    WrongMediaType,
    problem_response,
)
from app.limits import RateLimiter
from app.logs import REQUEST_ID
from app.methods import Head, allowed
from app.metrics import WebMetrics
from app.middleware import API, REQUEST_ID_HEADER, Guard
from app.queue.changes import open_changes
from app.queue.local import LocalQueue
from app.queue.watch import Watch
from app.readiness import Readiness
from app.streams import Streams
from judge import problem as problems

MOST_FAULTS = 20
LONGEST_NAME = 100
"""What a refusal tells of the names and the faults it was sent: enough to find them, not all of 500 KB."""

STATIC_FOLDER = Path(__file__).parent / "static"


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; it touches the database only once it is started."""
    settings = settings or Settings()
    app = FastAPI(
        title="Handcode",
        version=api.VERSION,
        description=api.DESCRIPTION,
        lifespan=_lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # ours, without a CDN: see app/api/docs.py
        redoc_url=None,
        redirect_slashes=False,  # it would lead to whatever host the request names
    )
    app.state.settings = settings
    app.state.metrics = WebMetrics()
    app.state.limiter = RateLimiter()
    app.state.streams = Streams()
    app.state.render_error = render_error
    app.add_middleware(Head)
    app.add_middleware(Guard, metrics=app.state.metrics, https=settings.https, public_url=settings.public_url)
    api.add_routes(app)
    pages.add_routes(app)
    app.mount("/static", StaticFiles(directory=STATIC_FOLDER, check_dir=False), name="static")
    for kind, handler in _ERROR_HANDLERS.items():
        app.add_exception_handler(kind, handler)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    problems.load_all()  # read once: nobody's first request waits for it, and a broken problem folder is noticed now
    app.state.database = Database(settings.database)
    app.state.watch = Watch(open_changes(app.state.database), app.state.database.outage)
    app.state.readiness = Readiness(app.state.database)
    app.state.queue = LocalQueue(app.state.database)
    await app.state.watch.start()
    upkeep = asyncio.create_task(app.state.database.keep_log_short())
    try:
        yield
    finally:
        upkeep.cancel()
        await app.state.watch.close()
        await app.state.database.close()


# Errors: every one of them, ours, FastAPI's and Starlette's, becomes an AppError and is rendered here ----------------


def render_error(request: Request, error: AppError) -> Response:
    """A page where a person asked for one, else problem+json."""
    wants_page = not request.url.path.startswith(API) and "text/html" in request.headers.get("accept", "")
    return pages.render_error(request, error) if wants_page else problem_response(error)


async def _app_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)  # noqa: S101 - registered for it
    return render_error(request, error)


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    if isinstance(error.__cause__, ClientDisconnect):  # nobody reads this; the log and the metrics tell it
        return render_error(request, RequestTimeout())
    kind = BY_STATUS.get(error.status_code, BadRequest if error.status_code < 500 else Internal)
    headers = {"Allow": allowed(request)} if error.status_code == 405 else error.headers
    return render_error(request, kind(_sentence(request, error), headers=headers))


def _sentence(request: Request, error: HTTPException) -> str:
    """What FastAPI and Starlette say in two words, said so that the sender knows what to change."""
    if isinstance(error.__cause__, UnicodeDecodeError):
        return f"The body is not UTF-8: byte {error.__cause__.start} cannot be read."
    if error.status_code == 404:
        return "There is nothing at this address; /docs describes the API."
    if error.status_code == 405:
        return f"{request.method} does nothing at this address; use {allowed(request)}."
    return str(error.detail)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    # Without `input`: it repeats the sender's code, and may hold what JSON cannot say.
    faults = [{"where": _where(fault["loc"]), "message": fault["msg"]} for fault in error.errors()[:MOST_FAULTS]]
    for fault in error.errors():
        if fault["type"] == "json_invalid":
            where = f"{fault['ctx']['error']} at character {fault['loc'][-1]}"
            return render_error(request, BadRequest(f"The body is not JSON: {where}."))
        if fault["loc"] == ("body",) and not _sends_json(request):
            return render_error(request, WrongMediaType("Send the body as JSON, with Content-Type: application/json."))
    detail = "; ".join(f"{fault['where']}: {fault['message']}" for fault in faults)[:500]
    return render_error(request, Invalid(detail, errors=faults))


def _where(place: Sequence[object]) -> str:
    """The name of the value. It may be the sender's own: of any length, and with half a surrogate pair in it."""
    name = ".".join(map(str, place)).encode("utf-8", "backslashreplace").decode()
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def _sends_json(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))


async def _database_away(request: Request, error: Exception) -> Response:
    request.app.state.database.outage.met("a request", error)
    # Not that nothing was changed: a connection that is lost at the commit does not tell.
    return render_error(request, Unavailable("The database cannot be asked just now; send this again in a moment."))


async def _unexpected(request: Request, error: Exception) -> Response:
    # Starlette logs the traceback after this answer, and gives the answer outside of our own pass around it.
    headers = {REQUEST_ID_HEADER: REQUEST_ID.get() or ""}
    sentence = "This is our fault, not yours; it has been logged. Try again."
    return render_error(request, Internal(sentence, headers=headers))


_ERROR_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    AppError: _app_error,
    HTTPException: _http_exception,
    RequestValidationError: _validation_error,
    **dict.fromkeys(DATABASE_AWAY, _database_away),
    Exception: _unexpected,
}
