"""`decimal`: a number with or without decimals, comma or point, within a range.

>>> build({"least": None, "most": None}, ("fr",)).parse("2,5", "fr", lambda word: False).value
2.5
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import marshmallow
from marshmallow import fields

from bot.understanding.answers import NO, Fits, Parsed, Reserved
from bot.understanding.fields import Number, Schema, key, refuse
from bot.understanding.numbers import find


class Options(Schema):
    """The keys of `decimal`."""

    least = Number(
        data_key="min",
        load_default=None,
        metadata=key("The least.", "Le moins.", "min: 0"),
    )
    most = Number(
        data_key="max",
        load_default=None,
        metadata=key("The most.", "Le plus.", "max: 10"),
    )

    @marshmallow.validates_schema
    def _in_order(self, data: Any, **_kwargs: Any) -> None:
        least, most = data.get("least"), data.get("most")
        if least is not None and most is not None and least > most:
            raise refuse("F042", least=least, most=most)


options = fields.Nested(
    Options,
    metadata=key("A number.", "Un nombre.", "decimal: {min: 0, max: 10}"),
)


@dataclass(frozen=True, slots=True)
class AnyNumber:
    """A number from `least` to `most`, both included; None is no limit."""

    least: float | None
    most: float | None
    kind: str = "decimal"

    def parse(self, text: str, language: str, _reserved: Reserved) -> Parsed:
        """The one number in the text; two different ones do not fit."""
        found = find(text, language)
        if not found:
            return NO
        if len({one.value for one in found}) > 1:
            return Parsed(why="two_values")
        value = found[0].value
        if (self.least is not None and value < self.least) or (
            self.most is not None and value > self.most
        ):
            return Parsed(why="out_of_range")
        return Parsed(value, "number", Fits.broad if found[0].rest else Fits.narrow)

    def categories(self) -> tuple[str, ...]:
        """One for any number."""
        return ("number",)

    def words(self) -> tuple[str, ...]:
        """None of its own."""
        return ()

    def label(self, value: Any, language: str) -> str:
        """In figures, with the language's decimal mark."""
        shown = f"{float(value):.6f}".rstrip("0").rstrip(".")
        return shown.replace(".", ",") if language == "fr" else shown


def build(options: Any, _languages: tuple[str, ...]) -> AnyNumber:
    """The answer of a loaded `decimal`."""
    return AnyNumber(options["least"], options["most"])
