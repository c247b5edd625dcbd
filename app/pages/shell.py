"""Renders pages: one template environment for each language, and what the frame around every page shows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from app.auth import CandidateAccess
from app.config import Settings
from app.models import Interviewer
from app.pages import languages
from app.pages.listing import highlight, pieces, visible
from judge.report import Text

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = ROOT / "templates"
DIST = Path(__file__).parent.parent / "static" / "dist"

THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"
FRAGMENT_HEADER = "Handcode-Fragment"
YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class Viewer:
    """Who looks at the page, for the frame: an interviewer, a candidate, or nobody yet."""

    interviewer: str | None = None
    candidate: str | None = None
    guest: bool = False

    @classmethod
    def of(cls, who: Interviewer | CandidateAccess | None) -> Viewer:
        if isinstance(who, Interviewer):
            return cls(interviewer=who.name)
        if who is None:
            return cls()
        return cls(guest=True) if who.candidate.guest else cls(candidate=who.candidate.name)


class Page(HTMLResponse):
    """Filled in when it is sent. By then the request's transaction has ended: nobody who waits to write waits for a
    template."""

    def __init__(self, fill: Callable[[], str], status: int) -> None:
        super().__init__(status_code=status)
        self._fill = fill

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.body = self.render(self._fill())
        self.headers["Content-Length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def page(
    request: Request,
    template: str,
    *,
    viewer: Viewer | None = None,
    status: int = 200,
    **ready: Any,
) -> Page:
    """The template filled with one ready thing, in the reader's language and theme."""
    language = languages.choose(request)
    shown = {
        "viewer": viewer or Viewer(), "lang": language, "theme": theme(request), "here": request.url.path,
        "return_to": _address(request), "style_nonce": request.state.csp_nonce, **ready,
    }  # fmt: skip
    response = Page(lambda: environment(language).get_template(template).render(shown), status)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Vary"] = "Cookie, Accept-Language, HX-Request"
    if request.query_params.get("lang") in languages.LANGUAGES:
        remember(response, request, languages.COOKIE, language)
    return response


def fragment(language: str, template: str, **ready: Any) -> str:
    """A piece of a page, for a page that is already there."""
    return environment(language).get_template(template).render(lang=language, **ready)


def fragment_response(html: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """A piece of page under its mark. The page takes no answer without it: a proxy's page must not stand in it."""
    marks = {FRAGMENT_HEADER: "result", "Cache-Control": "no-store"}
    return HTMLResponse(html, status_code=status, headers=marks | dict(headers or {}))


def remember(response: Response, request: Request, cookie: str, value: str) -> None:
    """Keeps a reader's wish for a year. Readable by script: the theme switch works without a round trip."""
    secure = request.app.state.settings.https
    response.set_cookie(cookie, value, max_age=YEAR_SECONDS, path="/", secure=secure, samesite="lax")


def theme(request: Request) -> str:
    wish = request.cookies.get(THEME_COOKIE)
    return wish if wish in THEMES else "system"


def _address(request: Request) -> str:
    """Path and query of this page: where a switch of language comes back to."""
    if request.method != "GET":
        return form_page(request.url.path)
    query = "&".join(part for part in request.url.query.split("&") if part and not part.startswith("lang="))
    return f"{request.url.path}?{query}" if query else request.url.path


def site_address(request: Request) -> str:
    """How a browser reaches us, without a slash at the end: the public address or, without one, what this one used."""
    settings: Settings = request.app.state.settings
    return settings.url if settings.public_url else str(request.base_url).rstrip("/")


_FORMS = ("/notes", "/decisions", "/rejudge", "/kept", "/password", "/end-others", "/others")


def form_page(path: str) -> str:
    """The page that holds the form which is sent to this address."""
    return next((path.removesuffix(end) for end in _FORMS if path.endswith(end)), path)


def safe_return(target: str) -> str:
    """The path to go back to, or ``/`` when it would lead to another host."""
    parts = urlsplit(target)
    ours = not parts.scheme and not parts.netloc and target.startswith("/") and "\\" not in target
    return target if ours and not target.startswith("//") and target.isprintable() else "/"


@cache
def environment(language: str) -> Environment:
    """The templates in one language; a name a template does not know is an error, not an empty space."""
    built = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,  # code and templates belong together: neither changes under a running process
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    built.install_gettext_translations(languages.translations(language), newstyle=True)  # type: ignore[attr-defined]
    built.globals.update(
        static=static,
        languages=languages.LANGUAGES,
        themes=THEMES,
        highlight=highlight,
    )
    built.filters.update(
        visible=visible,
        pieces=pieces,
        said=_said_in(language),
        # Not `_()`: Jinja takes its result for markup, and what an error says may repeat what a stranger sent.
        translated=lambda sentence: languages.translations(language).gettext(sentence) if sentence else "",
        points=_points,
        moment=_moment,
        milliseconds=_milliseconds,
        mebibytes=_mebibytes,
    )
    return built


def static(name: str) -> str:
    """The address of a built file, with its content's hash: it may be kept for ever, and a new one is fetched."""
    return f"/static/dist/{name}?v={_version(name)}"


@cache
def _version(name: str) -> str:
    file = DIST / name
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10] if file.exists() else "missing"


def _said_in(language: str) -> Callable[[Text | None], str]:
    def said(text: Text | None) -> str:
        """The sentence in the reader's language, English where there is none."""
        return (text or {}).get(language) or (text or {}).get("en", "")

    return said


def _points(value: float | None) -> str:
    """A score without idle decimals: 100, 62.5."""
    return "–" if value is None else f"{round(value, 1):g}"


def _moment(value: Any) -> Markup:
    """A time element in UTC; the page's script turns it into the reader's own time."""
    if value is None:
        return Markup("–")
    stamp = value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}">{} UTC</time>').format(stamp, value.strftime("%Y-%m-%d %H:%M"))


def _milliseconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value / 1000:.2f} s" if value >= 1000 else f"{value:.0f} ms"


def _mebibytes(value: float | None) -> str:
    return "–" if not value else f"{value / 2**20:.1f} MiB"
