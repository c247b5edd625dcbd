"""Shows a request's error as a page in the reader's language, or leads someone who must sign in to where they can."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.errors import AppError
from app.pages import languages
from app.pages.shell import Viewer, form_page, fragment, fragment_response, page
from app.pages.signing_in import sign_in_page


def _(sentence: str) -> str:
    """Marks a sentence for the catalogues; the template looks its translation up."""
    return sentence


SENTENCES = (
    _("The code is empty."),
    _("The code contains a NUL character; remove it."),
    _("This invitation has ended; ask your interviewer for a new link."),
    _("Your invitation does not include this problem."),
    _("This problem is not part of your invitation."),
    _("This form was sent from another site; open the page here and send it again."),
    _("Choose one or more of the problems there are."),
    _("Write the candidate's name."),
    _("A candidate's name has at most 200 characters."),
    _("Write a name for the token."),
    _("A token's name has at most 100 characters."),
    _("The name holds a control character; type it anew."),
    _("An invitation lasts up to 365 days."),
    _("Write the note first."),
    _("A note has at most 10000 characters; shorten it or write two."),
    _("This invitation has ended; invite the candidate again."),
    _("A reason has at most 10000 characters."),
    _("Decide to advance, hold or reject."),
    _("This is a run of the samples; runs are only counted, and nobody but their author reads them."),
    _("Nobody else can sign in; enable or add another interviewer first."),
    _("A password has at least 8 characters."),
    _("A password has at most 1000 characters."),
    _("The current password is wrong."),
    _("The new password and its repetition differ."),
    _("This cursor is not one of ours; start at the first page."),
)
"""What the rest of the application says in an error that a person may read; anything else is shown in English."""

STAFF = ("/submissions", "/invitations", "/candidates", "/tokens", "/interviewers")


def render_error(request: Request, error: AppError) -> Response:
    """A whole page; for a script that swaps results, the piece it swaps in."""
    path = request.url.path
    if error.status == 401 and path.startswith(STAFF):
        typed = getattr(request.state, "typed", {})
        if any(typed.values()):
            return sign_in_page(request, form_page(path), typed=json.dumps(typed, ensure_ascii=False), status=401)
        back = f"{path}?{request.url.query}" if request.url.query else path
        back = form_page(path) if request.method == "POST" else back
        return RedirectResponse("/sign-in?" + urlencode({"return_to": back}), 303)
    if "hx-request" in request.headers:
        html = fragment(languages.choose(request), "candidate/refused.html", error=error)
        return fragment_response(html, status=error.status, headers=error.headers)
    viewer = Viewer(interviewer=getattr(request.state, "interviewer", None))
    response = page(request, "error.html", viewer=viewer, status=error.status, error=error)
    response.headers.update(error.headers)
    return response
