"""Every sentence of the pages exists in Chinese, with the same blanks to fill."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from starlette.requests import Request

from app.pages import languages

ROOT = Path(__file__).parent.parent.parent.parent
CATALOGUE = ROOT / "app/pages/translations/zh.po"
METHODS = [("app/pages/failures.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}


def _written() -> Catalog:
    """Every sentence the templates and the failures say."""
    found = Catalog()
    for folder in ("templates", "app/pages"):
        methods = [(pattern.removeprefix(folder + "/"), method) for pattern, method in METHODS]
        options = {pattern.removeprefix(folder + "/"): value for pattern, value in OPTIONS.items()}
        for _file, line, message, _comments, context in extract_from_dir(ROOT / folder, methods, options):
            found.add(message, lineno=line, context=context)
    return found


def _translated() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh")


def test_every_sentence_is_translated_and_none_is_left_over() -> None:
    written = {message.id for message in _written() if message.id}
    translated = {message.id for message in _translated() if message.id and any(_texts(message.string))}
    assert len(written) > 200
    assert written - translated == set()
    assert translated - written == set()


def test_translations_fill_the_same_blanks() -> None:
    for message in _translated():
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        blanks = set(re.findall(r"%\(\w+\)s|\{\w+\}|</?\w+>", ids[-1]))
        for text in _texts(message.string):
            if message.id:
                assert set(re.findall(r"%\(\w+\)s|\{\w+\}|</?\w+>", text)) == blanks, message.id


def _texts(string: str | tuple[str, ...] | list[str]) -> list[str]:
    return [string] if isinstance(string, str) else list(string)


@pytest.mark.parametrize(
    ("query", "cookie", "accepts", "chosen"),
    [
        ("", "", "", "en"),
        ("", "", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "", "de,en;q=0.5,zh;q=0.7", "zh"),
        ("", "", "fr;q=x,,;q=", "en"),
        ("", "en", "zh-CN", "en"),
        ("lang=zh", "en", "en", "zh"),
        ("lang=tlh", "zh", "en", "zh"),
    ],
)
def test_an_address_beats_a_choice_beats_the_browser(query: str, cookie: str, accepts: str, chosen: str) -> None:
    headers = [(b"accept-language", accepts.encode()), (b"cookie", f"lang={cookie}".encode())]
    request = Request(
        {"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": headers}
    )
    assert languages.choose(request) == chosen
