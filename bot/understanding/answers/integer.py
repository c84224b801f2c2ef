"""`integer`: a whole number in figures or words, within a range.

>>> build({"least": 1, "most": 9}, ("fr",)).parse("trois", "fr", lambda word: False).value
3
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import marshmallow
from marshmallow import fields

from bot.understanding.answers import NO, Fits, Parsed, Reserved
from bot.understanding.fields import Integer, Schema, key, refuse
from bot.understanding.numbers import find


class Options(Schema):
    """The keys of `integer`."""

    least = Integer(
        data_key="min",
        load_default=None,
        metadata=key("The least.", "Le moins.", "min: 1"),
    )
    most = Integer(
        data_key="max",
        load_default=None,
        metadata=key("The most.", "Le plus.", "max: 9"),
    )

    @marshmallow.validates_schema
    def _in_order(self, data: Any, **_kwargs: Any) -> None:
        least, most = data.get("least"), data.get("most")
        if least is not None and most is not None and least > most:
            raise refuse("F042", least=least, most=most)


options = fields.Nested(
    Options,
    metadata=key("A whole number.", "Un nombre entier.", "integer: {min: 1, max: 9}"),
)


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """A whole number from `least` to `most`, both included; None is no limit."""

    least: int | None
    most: int | None
    kind: str = "integer"

    def parse(self, text: str, language: str, _reserved: Reserved) -> Parsed:
        """The one number in the text; two different ones, or one with decimals, do not fit."""
        found = find(text, language)
        values = {one.value for one in found}
        if not found:
            return NO
        if len(values) > 1:
            return Parsed(why="two_values")
        value = found[0].value
        if value != int(value):
            return Parsed(why="not_whole")
        if (self.least is not None and value < self.least) or (
            self.most is not None and value > self.most
        ):
            return Parsed(why="out_of_range")
        fits = Fits.broad if found[0].rest else Fits.narrow
        return Parsed(int(value), "number", fits)

    def categories(self) -> tuple[str, ...]:
        """One for any number."""
        return ("number",)

    def words(self) -> tuple[str, ...]:
        """None of its own."""
        return ()

    def label(self, value: Any, _language: str) -> str:
        """In figures."""
        return str(value)


def build(options: Any, _languages: tuple[str, ...]) -> WholeNumber:
    """The answer of a loaded `integer`."""
    return WholeNumber(options["least"], options["most"])
