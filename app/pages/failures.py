"""Shows a request's error as a page in the reader's language, or leads someone who must sign in to where they can."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.errors import AppError
from app.pages import languages
from app.pages.shell import fragment, page

STAFF = ("/submissions", "/invitations", "/candidates", "/tokens")


def render_error(request: Request, error: AppError) -> Response:
    """A whole page; for a script that swaps results, the piece it swaps in."""
    path = request.url.path
    if error.status == 401 and path.startswith(STAFF):
        back = f"{path}?{request.url.query}" if request.url.query else path
        back = back if request.method == "GET" else "/submissions"
        return RedirectResponse("/sign-in?" + urlencode({"return_to": back}), 303)
    if "hx-request" in request.headers:
        html = fragment(languages.choose(request), "candidate/refused.html", error=error)
        return HTMLResponse(html, status_code=error.status, headers=error.headers)
    response = page(request, "error.html", status=error.status, error=error)
    response.headers.update(error.headers)
    return response
