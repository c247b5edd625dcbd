"""The request's errors: each class carries its status, and ``problem_response`` is the one place that renders them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from starlette.responses import Response

from app.logs import REQUEST_ID

RETRY_SECONDS = 2


class AppError(Exception):
    """Raised where noticed; ``detail`` is a sentence that tells the reader what to do next."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong"

    def __init__(
        self,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        errors: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.headers = dict(headers or {})
        self.errors = errors

    def as_problem(self) -> dict[str, Any]:
        """RFC 9457 members; ``code`` is the stable word a client may branch on."""
        problem: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.errors:
            problem["errors"] = self.errors
        if request_id := REQUEST_ID.get():
            problem["request_id"] = request_id
        return problem


class BadRequest(AppError):
    status, code, title = 400, "bad_request", "The request cannot be read"


class Unauthorized(AppError):
    status, code, title = 401, "unauthorized", "Sign in first"


class Disabled(Unauthorized):
    code, title = "disabled", "Account disabled"


class Forbidden(AppError):
    status, code, title = 403, "forbidden", "Not allowed"


class NotFound(AppError):
    status, code, title = 404, "not_found", "Not found"


class MethodNotAllowed(AppError):
    status, code, title = 405, "method_not_allowed", "Method not allowed"


class RequestTimeout(AppError):
    status, code, title = 408, "request_timeout", "The request did not arrive whole"


class Conflict(AppError):
    status, code, title = 409, "conflict", "In conflict with what is already there"


class Gone(AppError):
    status, code, title = 410, "gone", "No longer open"


class TooLarge(AppError):
    status, code, title = 413, "too_large", "Too large"


class WrongMediaType(AppError):
    status, code, title = 415, "wrong_media_type", "Unsupported media type"


class Invalid(AppError):
    status, code, title = 422, "invalid", "The request is not valid"


class UnknownProblem(Invalid):
    code, title = "unknown_problem", "Unknown problem"


class UnknownDevice(Invalid):
    code, title = "unknown_device", "Unknown device"


class NoWorkerForDevice(Invalid):
    code, title = "no_worker_for_device", "No worker for this device"


class InvalidCode(Invalid):
    code, title = "invalid_code", "The code cannot be judged"


class CodeTooLarge(TooLarge):
    code, title = "code_too_large", "The code is too long"


class IdempotencyConflict(Conflict):
    code, title = "idempotency_conflict", "Idempotency-Key already used for another submission"


class TooManyRequests(AppError):
    status, code, title = 429, "too_many_requests", "Too many requests"

    def __init__(self, detail: str = "", *, retry_after_seconds: float = 1.0) -> None:
        super().__init__(detail, headers={"Retry-After": str(max(1, round(retry_after_seconds)))})


class Unavailable(AppError):
    """Nothing is wrong with the request: sent again after ``RETRY_SECONDS`` it may pass."""

    status, code, title = 503, "unavailable", "Not available just now"

    def __init__(
        self,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        errors: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(detail, headers={"Retry-After": str(RETRY_SECONDS), **(headers or {})}, errors=errors)


class Internal(AppError):
    """What a reader sees of an error of ours; the traceback is in the log."""

    status, code, title = 500, "internal_error", "An error of ours"


BY_STATUS: dict[int, type[AppError]] = {
    kind.status: kind
    for kind in (BadRequest, Unauthorized, Forbidden, NotFound, MethodNotAllowed, RequestTimeout, Conflict, Gone,
                 TooLarge, WrongMediaType, Invalid, TooManyRequests, Unavailable, Internal)
}  # fmt: skip


def problem_response(error: AppError) -> Response:
    """The error as ``application/problem+json``."""
    return Response(
        json.dumps(error.as_problem(), ensure_ascii=False),
        status_code=error.status,
        headers=error.headers,
        media_type="application/problem+json",
    )
