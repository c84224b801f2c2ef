"""Fields of marshmallow for YAML whose every scalar came as text, and their way of refusing.

The loader takes every scalar as a string; a field converts where something else is meant, and
refuses with a `Refusal` (a code and params) instead of a sentence, so that the complaint can be
said in the reader's language. `key()` documents a field; the reference is built from that.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import marshmallow
from marshmallow import fields
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

_INTEGER = re.compile(r"[+-]?\d{1,12}")
_NUMBER = re.compile(r"[+-]?\d{1,12}([.,]\d{1,6})?")
_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a value is refused: the code of a complaint and what fills its words."""

    code: str
    params: Mapping[str, str] = field(default_factory=dict)


def refuse(code: str, **params: object) -> marshmallow.ValidationError:
    """The error of marshmallow that carries a `Refusal`."""
    return marshmallow.ValidationError(
        [Refusal(code, {name: str(value) for name, value in params.items()})]
    )


def did_you_mean(wrong: str, allowed: list[str]) -> str:
    """The allowed name nearest to a wrong one, empty when none is near.

    >>> did_you_mean("chiken", ["veg", "chicken"]), did_you_mean("xyz", ["veg"])
    ('chicken', '')
    """
    cutoff = max(1, len(wrong) // 3)
    found = process.extractOne(
        wrong, allowed, scorer=DamerauLevenshtein.distance, score_cutoff=cutoff
    )
    return str(found[0]) if found else ""


def shorten(value: object) -> str:
    """A value as a complaint shows it: at most 40 characters."""
    shown = "{...}" if isinstance(value, dict) else "[...]" if isinstance(value, list) else value
    text = str(shown)
    return text if len(text) <= 40 else text[:39] + "…"


def key(en: str, fr: str, example: str) -> dict[str, Any]:
    """What the reference says of a key: its meaning in both languages and an example in YAML."""
    return {"doc": {"en": en, "fr": fr}, "example": example}


class Shaped(fields.Field[Any]):
    """The base of our fields: one value in, one value out."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return self.shape(value)

    def shape(self, value: Any) -> Any:
        """Convert the value; raises ValidationError (see `refuse`)."""
        return value


class TextScalar(Shaped):
    """The base of fields that read one scalar; a mapping, a list or nothing is refused."""

    def shape(self, value: Any) -> Any:
        if isinstance(value, dict | list) or value is None:
            raise refuse("F011", found=shorten(value))
        text = str(value).strip()
        if not text:
            raise refuse("F010")
        return self.read(text)

    def read(self, text: str) -> Any:
        """Convert the scalar; raises ValidationError (see `refuse`)."""
        return text


class Integer(TextScalar):
    """A whole number between `least` and `most`."""

    def __init__(self, least: int | None = None, most: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least, self.most = least, most

    def read(self, text: str) -> int:
        if not _INTEGER.fullmatch(text):
            raise refuse("F012", found=shorten(text))
        value = int(text)
        if (self.least is not None and value < self.least) or (
            self.most is not None and value > self.most
        ):
            raise refuse("F013", found=text, least=self.least, most=self.most)
        return value


class Number(TextScalar):
    """A number with or without decimals; comma and point both serve."""

    def read(self, text: str) -> float:
        if not _NUMBER.fullmatch(text):
            raise refuse("F014", found=shorten(text))
        value = float(text.replace(",", "."))
        return value if math.isfinite(value) else 0.0


class Flag(TextScalar):
    """`true` or `false` (`yes`, `no`, `on`, `off` are understood)."""

    def read(self, text: str) -> bool:
        low = text.lower()
        if low not in _TRUE and low not in _FALSE:
            raise refuse("F015", found=shorten(text))
        return low in _TRUE


class OneOf(TextScalar):
    """One word of a short list."""

    def __init__(self, words: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words = words

    def read(self, text: str) -> str:
        if text not in self.words:
            raise refuse(
                "F016",
                found=shorten(text),
                allowed=", ".join(self.words),
                meant=did_you_mean(text, list(self.words)),
            )
        return text


class Words(Shaped):
    """Words that are listened for: a word, a list, or one of these per language.

    Gives `{language: (words...)}`, with the language "" for words that belong to every language.
    """

    def shape(self, value: Any) -> dict[str, tuple[str, ...]]:
        if isinstance(value, dict):
            return {str(code): _words(words) for code, words in value.items()}
        return {"": _words(value)}


def _words(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    words = []
    for word in listed:
        if isinstance(word, dict | list) or word is None or not str(word).strip():
            raise refuse("F017", found=shorten(word))
        words.append(str(word).strip())
    if not words:
        raise refuse("F010")
    return tuple(words)


class Schema(marshmallow.Schema):
    """A mapping of YAML. Unknown keys are refused all at once, with the nearest known one."""

    class Meta:
        unknown = marshmallow.EXCLUDE

    @marshmallow.validates_schema(pass_original=True, skip_on_field_errors=False)
    def _refuse_unknown_keys(self, _data: Any, original: Any, **_kwargs: Any) -> None:
        if not isinstance(original, dict):
            return
        allowed = [loaded.data_key or name for name, loaded in self.fields.items()]
        wrong: dict[str, list[Refusal]] = {}
        for name in original:
            if name not in allowed:
                params = {
                    "key": str(name),
                    "allowed": ", ".join(allowed),
                    "meant": did_you_mean(str(name), allowed),
                }
                wrong[str(name)] = [Refusal("F001", params)]
        if wrong:
            raise marshmallow.ValidationError(wrong)
