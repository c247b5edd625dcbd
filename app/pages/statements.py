"""Renders a problem's statement: Markdown to HTML, formulas to MathML, code highlighted, all of it sanitised."""

from __future__ import annotations

from functools import lru_cache

import nh3
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape
from mdit_py_plugins.dollarmath import dollarmath_plugin

from app.pages.listing import highlight
from judge.problem import Problem

_MATHML = {
    "math", "mrow", "mi", "mo", "mn", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "munder",
    "mover", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "menclose",
}  # fmt: skip
_HTML = {
    "p", "h2", "h3", "h4", "h5", "ul", "ol", "li", "strong", "em", "code", "pre", "span", "div", "blockquote", "a",
    "br", "hr", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {
    "math": {"display"},
    "mo": {"stretchy", "fence", "form", "separator", "lspace", "rspace", "movablelimits", "accent", "minsize"},
    "mi": {"mathvariant"},
    "mtext": {"mathvariant"},
    "mspace": {"width"},
    "mover": {"accent"},
    "mtable": {"columnalign"},
    "mtd": {"columnalign"},
    "mfrac": {"linethickness"},
    "span": {"class"},
    "div": {"class"},
    "code": {"class"},
    "ol": {"start"},
    "a": {"href"},
}  # fmt: skip


_REACHABLE = {"pre": {"tabindex": "0"}, "div": {"tabindex": "0"}}
"""Code and displayed formulas scroll sideways where they are too wide, so the keyboard must come to them."""


def _formula(tex: str, options: dict[str, bool]) -> str:
    block = options["display_mode"]
    mathml: str = convert(tex, display="block" if block else "inline")
    return mathml


def _fence(code: str, language: str, _attributes: str) -> str:
    return f"<pre><code>{highlight(code) if language == 'python' else escape(code)}</code></pre>"


_MARKDOWN = (
    MarkdownIt("commonmark", {"highlight": _fence, "html": False})
    .enable("table")
    .use(dollarmath_plugin, renderer=_formula, allow_space=True, double_inline=True)
)


@lru_cache(maxsize=64)
def _render(text: str) -> Markup:
    html = _MARKDOWN.renderer.render(_from_second_level(_MARKDOWN.parse(text)), _MARKDOWN.options, {})
    clean = nh3.clean(
        html, tags=_HTML | _MATHML, attributes=_ATTRIBUTES, link_rel="noopener noreferrer",
        set_tag_attribute_values=_REACHABLE,
    )  # fmt: skip
    return Markup(clean)  # noqa: S704 - sanitised in the line above


def _from_second_level(tokens: list[Token]) -> list[Token]:
    """The page has the first heading, so the statement's highest becomes a second one, whatever it is written as."""
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    highest = min((int(token.tag[1]) for token in headings), default=2)
    for token in headings:
        token.tag = f"h{int(token.tag[1]) - highest + 2}"
    return tokens


def statement(problem: Problem, language: str, accept: str | None = None) -> Markup:
    """The problem's statement in that language, ready to stand in a page; ``accept`` is the one convention pinned."""
    return _render(_without_title(problem.statement((accept,) if accept else None)[language]))


def _without_title(text: str) -> str:
    """The text without a leading ``# Title``: the page's own heading says it already."""
    first, _, rest = text.lstrip().partition("\n")
    return rest if first.startswith("# ") else text
