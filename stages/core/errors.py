"""The one error a user is meant to read."""

from __future__ import annotations

import unicodedata

LONGEST = 4000  # characters: what it quotes may be longer than any sentence
# Categories of Unicode that break a line, steer a terminal, or cannot be written.
HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


class UserError(Exception):
    """Bad input, told in one sentence: the file and the line or key, and what to do about it.

    What it quotes may hold anything, a file's name a line's end: that is written as in Python's literals.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(shown(sentence))


def shown(text: str, longest: int = LONGEST) -> str:
    """A text on one line that every terminal can show, its middle left out where it is too long."""
    if len(text) > longest:
        text = f"{text[: longest // 2]} … {text[-longest // 2 :]}"
    return "".join(_written(sign) if unicodedata.category(sign) in HIDDEN else sign for sign in text)


def _written(sign: str) -> str:
    return sign.encode("unicode_escape").decode()
