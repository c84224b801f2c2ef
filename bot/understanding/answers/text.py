"""`text`: free text, within a length. Always broad: words that mean something else come first.

>>> build({"least": 1, "most": 5}, ("en",)).parse("Ana", "en", lambda word: False).value
'Ana'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from marshmallow import fields

from bot.understanding.answers import NO, Fits, Parsed, Reserved
from bot.understanding.fields import Integer, Schema, key

_BLANKS = re.compile(r"[\s\x00-\x1f\x7f]+")
MOST = 1600


class Options(Schema):
    """The keys of `text`."""

    least = Integer(
        0,
        MOST,
        data_key="min",
        load_default=1,
        metadata=key("The fewest characters.", "Le moins de caractères.", "min: 1"),
    )
    most = Integer(
        1,
        MOST,
        data_key="max",
        load_default=200,
        metadata=key("The most characters.", "Le plus de caractères.", "max: 200"),
    )


options = fields.Nested(
    Options,
    metadata=key("Free text.", "Du texte libre.", "text: {min: 1, max: 200}"),
)


@dataclass(frozen=True, slots=True)
class FreeText:
    """Text of `least` to `most` characters, on one line."""

    least: int
    most: int
    kind: str = "text"

    def parse(self, text: str, _language: str, _reserved: Reserved) -> Parsed:
        """The text with its blanks made single; too short or too long does not fit."""
        value = _BLANKS.sub(" ", text).strip()
        if not self.least <= len(value) <= self.most:
            return Parsed(why="out_of_range") if value else NO
        return Parsed(value, "text", Fits.broad)

    def categories(self) -> tuple[str, ...]:
        """One for any text."""
        return ("text",)

    def words(self) -> tuple[str, ...]:
        """None of its own."""
        return ()

    def label(self, value: Any, _language: str) -> str:
        """As it was written."""
        return str(value)


def build(options: Any, _languages: tuple[str, ...]) -> FreeText:
    """The answer of a loaded `text`."""
    return FreeText(options["least"], options["most"])
