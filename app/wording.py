"""What a line of text may hold, a name of a candidate or a token, a label: any script, with something to see in it."""

from __future__ import annotations

import unicodedata


def tidy(name: str) -> str:
    """The name with single spaces between its words and none around them."""
    return " ".join(name.split())


def is_one_line(text: str) -> bool:
    """Whether nothing in it controls instead of showing.

    Not ``str.isprintable``: that refuses the joiners with which Persian, Hindi and many emoji are written.
    """
    return not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text)


def shows(text: str) -> bool:
    """Whether there is a letter, a figure or a sign in it, not only spaces and invisible characters."""
    return any(unicodedata.category(character)[0] in "LNPS" for character in text)
