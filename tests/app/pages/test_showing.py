"""Hostile text is shown, never run and never hidden; statements become clean HTML with MathML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pages.languages import LANGUAGES
from app.pages.listing import PIECE, highlight, listing, pieces, visible
from app.pages.shell import safe_return
from app.pages.statements import _render, statement
from judge import problem as problems
from judge.cell.source import lines


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("a\x00b", "a\u2400b"),
        ("\x1b[31mred\x1b[0m", "\u241b[31mred\u241b[0m"),
        ("over\rwritten", "over\u240dwritten"),
        ("lines\r\nend", "lines\nend"),
        ("tab\tstays", "tab\tstays"),
        ("\x7f\x9b", "\u2421\u27e8U+009B\u27e9"),
        ("if access\u202e == 'user'", "if access\u27e8U+202E\u27e9 == 'user'"),
        ("zero\u200bwidth", "zero\u27e8U+200B\u27e9width"),
        ("half \ud800 pair", "half \ufffd pair"),
        ("手写 ok", "手写 ok"),
    ],
)
def test_characters_that_act_become_signs_that_show(sent: str, shown: str) -> None:
    assert visible(sent) == shown


@given(st.lists(st.sampled_from(["", "a line\n", "x" * (PIECE - 3), "归" * (3 * PIECE) + "\n", "\n" * 50]), max_size=9))
def test_the_pieces_of_an_output_are_the_output(parts: list[str]) -> None:
    text = "".join(parts)
    found = pieces(text)
    assert "".join(found) == text
    assert max(map(len, found)) <= PIECE


def test_a_piece_ends_where_a_line_does() -> None:
    text = "a line of output\n" * 1000
    assert all(piece.endswith("\n") for piece in pieces(text))
    assert len(pieces(text)) > 1


def test_code_cannot_leave_its_span() -> None:
    html = highlight("x = '</span><script>alert(1)</script>'  # <img src=x onerror=alert(1)>\n")
    assert "<script" not in html
    assert "<img" not in html


def test_lines_are_numbered_as_python_numbers_them() -> None:
    lines = listing('\n\nx = """a\n<b>\n"""\nraise ValueError', {6: "error"})
    assert [line.number for line in lines] == [1, 2, 3, 4, 5, 6]
    assert "ValueError" in lines[5].html
    assert [line.mark for line in lines] == ["", "", "", "", "", "error"]
    assert all(line.html.count("<span") == line.html.count("</span") for line in lines)


@given(before=st.text(alphabet="\n\r\t \x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029#", max_size=12))
def test_a_line_has_the_number_that_python_gives_it(before: str) -> None:
    comments = "".join(f"#{character}" if character not in "\n\r" else character for character in before)
    source = f"{comments}\nraise ValueError"
    with pytest.raises(ValueError, match=r"^$") as raised:
        exec(compile(source, "solution.py", "exec"))  # noqa: S102 - Python itself says the number
    number = raised.tb.tb_next.tb_lineno if raised.tb.tb_next else 0
    assert "ValueError" in listing(source)[number - 1].html
    assert lines(source)[number - 1] == "raise ValueError\n"


@pytest.mark.parametrize("slug", problems.slugs())
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("accept", [None, "biased", "unbiased"])
def test_statements_hold_their_formulas_as_mathml(slug: str, language: str, accept: str | None) -> None:
    html = statement(problems.load(slug), language, accept)
    assert "{" not in html
    assert "<math" in html
    assert "$" not in html
    assert "<mfrac>" in html


def test_a_statements_headings_follow_the_pages_own() -> None:
    html = _render("### First\n\n#### Below it\n")
    assert "<h2>First</h2>" in html
    assert "<h3>Below it</h3>" in html


def test_a_statement_cannot_bring_script_along() -> None:
    html = _render("<script>alert(1)</script> [x](javascript:alert(1)) ![y](http://elsewhere/y.png)\n\n$\\text{<b>}$\n")
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert "<img" not in html
    assert "<b>" not in html


@pytest.mark.parametrize(
    "target",
    ["//elsewhere.example", "https://elsewhere.example/", "/\\elsewhere.example", "javascript:alert(1)", "", "/a\nb"],
)
def test_a_way_back_never_leads_elsewhere(target: str) -> None:
    assert safe_return(target) == "/"


def test_a_way_back_keeps_path_and_query() -> None:
    assert safe_return("/submissions?sort=-score") == "/submissions?sort=-score"
