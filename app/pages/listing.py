"""Shows hostile text safely: source code with colours and line numbers, output with its control characters visible."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that reorder what a reader sees: code that looks like one thing and runs as another."""

_INVISIBLE = "\u200b\u2060\ufeff"

_SHOWN = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    **{code: f"\u27e8U+{code:04X}\u27e9" for code in range(0x80, 0xA0)},
    **{ord(character): f"\u27e8U+{ord(character):04X}\u27e9" for character in _BIDI + _INVISIBLE},
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}


def visible(text: str) -> str:
    """The text with every character that acts instead of showing replaced by a sign for it; lines stay lines."""
    return text.replace("\r\n", "\n").translate(_SHOWN)


PIECE = 4000
"""Characters: some four screens of a box of output."""


def pieces(text: str) -> list[str]:
    """The text in pieces that a browser lays out one by one, as they come into view; joined they are the text.

    A megabyte of Chinese in one box is laid out anew for each of the hundred files its typeface comes in, and a page
    stood still for it. Pieces end where a line does, but for lines that are longer than one.
    """
    found = [""]
    for line in text.splitlines(keepends=True):
        for begin in range(0, len(line), PIECE):
            part = line[begin : begin + PIECE]
            if found[-1] and len(found[-1]) + len(part) > PIECE:
                found.append("")
            found[-1] += part
    return found


@dataclass(frozen=True)
class Line:
    """One line of source: its number, its highlighted HTML, and why it is marked, if it is."""

    number: int
    html: Markup
    mark: str = ""


_FORMATTER = HtmlFormatter(nowrap=True)


def highlight(source: str) -> Markup:
    """Python source as HTML spans; nothing in it can leave its span."""
    tokens = PythonLexer(stripnl=False, ensurenl=False).get_tokens(visible(source))
    parts: list[str] = []

    class _Sink:
        def write(self, text: str) -> None:
            parts.append(text)

    _FORMATTER.format(tokens, _Sink())
    return Markup("".join(parts))  # noqa: S704 - Pygments escapes what it writes


def listing(source: str, marks: dict[int, str] | None = None) -> list[Line]:
    """The source line by line, numbered as Python numbers it: a carriage return alone ends a line too.

    ``marks`` says which lines stand out and why.
    """
    html = highlight(source.replace("\r\n", "\n").replace("\r", "\n")).rstrip("\n").split("\n")
    return [
        Line(number, Markup(line), (marks or {}).get(number, ""))  # noqa: S704 - a line of the escaped HTML above
        for number, line in enumerate(html, start=1)
    ]
