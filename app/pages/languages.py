"""Picks the language of a page and holds its translated sentences; English is the language of the source."""

from __future__ import annotations

import gettext
import io
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.requests import Request

LANGUAGES = {"en": "English", "zh": "中文"}
"""The product's languages, each under its own name: someone who reads no English must find the other one."""

COOKIE = "lang"

_CATALOGUES = Path(__file__).parent / "translations"


def choose(request: Request) -> str:
    """The language asked for in the address, else the one chosen before, else the browser's first that we have."""
    wishes = (
        request.query_params.get("lang"),
        request.cookies.get(COOKIE),
        *_accepted(request.headers.get("accept-language", "")),
    )
    return next((wish for wish in wishes if wish in LANGUAGES), "en")


def _accepted(header: str) -> list[str]:
    """The primary languages of an Accept-Language header, the most wanted first."""
    wanted = []
    for position, entry in enumerate(header.split(",")):
        tag, _, parameter = entry.strip().partition(";q=")
        try:
            weight = float(parameter or 1)
        except ValueError:
            weight = 0.0
        wanted.append((-weight, position, tag.split("-")[0].lower()))
    return [language for _, _, language in sorted(wanted)]


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The sentences of that language. Compiled from the committed catalogue at start: no build step to forget."""
    catalogue = _CATALOGUES / f"{language}.po"
    if not catalogue.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with catalogue.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
