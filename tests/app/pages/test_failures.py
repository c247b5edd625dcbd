"""Every error a person may meet has a page in both languages that says what to do next."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request
from starlette.types import Message

from app import errors
from app.errors import AppError
from app.pages import render_error


def _request(
    path: str = "/problems/batchnorm1d", language: str = "en", *, method: str = "GET", script: bool = False
) -> Request:
    headers = [(b"accept-language", language.encode()), (b"accept", b"text/html")]
    if script:
        headers.append((b"hx-request", b"true"))
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"a=1",
        "headers": headers,
        "state": {"csp_nonce": "n"},
    }
    return Request(scope)


def _html(request: Request, error: AppError) -> str:
    sent = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    asyncio.run(render_error(request, error)(request.scope, receive, send))
    return b"".join(message.get("body", b"") for message in sent).decode()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", errors.BY_STATUS.values())
def test_an_error_has_a_page_with_its_status_and_a_way_on(kind: type[AppError], language: str) -> None:
    assert render_error(_request(language=language), kind()).status_code == kind.status
    html = _html(_request(language=language), kind())
    assert ("回到首页" if language == "zh" else "To the start page") in html
    assert html.count("<h1>") == 1


def test_what_was_said_cannot_bring_markup_along() -> None:
    html = _html(_request(), errors.BadRequest("<script>alert(1)</script>"))
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_a_known_sentence_is_said_in_chinese() -> None:
    html = _html(_request(language="zh"), errors.InvalidCode("The code is empty."))
    assert "代码是空的。" in html


def test_a_script_gets_the_piece_where_the_result_would_be() -> None:
    response = render_error(_request(method="POST", script=True), errors.TooManyRequests(retry_after_seconds=7))
    html = bytes(response.body).decode()
    assert html.strip().startswith('<div id="result-body"')
    assert response.headers["retry-after"] == "7"


def test_an_interviewers_page_leads_to_the_sign_in_and_back() -> None:
    response = render_error(_request("/submissions/7"), errors.Unauthorized())
    assert response.status_code == 303
    assert response.headers["location"] == "/sign-in?return_to=%2Fsubmissions%2F7%3Fa%3D1"
    posted = render_error(_request("/submissions/7/notes", method="POST"), errors.Unauthorized())
    assert posted.headers["location"] == "/sign-in?return_to=%2Fsubmissions%2F7"
