"""The fields that flows are written with: texts, durations, names, targets, blocks of steps.

They check the shape of a value and keep it plain; what a value *means* in its flow (does the step
exist? is the language spoken?) is settled by `bot.engine.building`, which knows the flow.

>>> Duration().deserialize("20 min")
1200000
"""

from __future__ import annotations

import re
from typing import Any

from bot.understanding.fields import (
    Flag,
    Integer,
    Number,
    OneOf,
    Schema,
    Shaped,
    TextScalar,
    Words,
    key,
    refuse,
    shorten,
)

__all__ = [
    "Duration",
    "Flag",
    "Integer",
    "Name",
    "Number",
    "OneOf",
    "Raw",
    "Schema",
    "Shaped",
    "StepSchema",
    "Steps",
    "Target",
    "Targets",
    "TextField",
    "TextScalar",
    "Words",
    "key",
    "refuse",
    "shorten",
]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DURATION = re.compile(r"(\d{1,6})\s*([a-z]+)")
_UNITS_MS = {
    "s": 1_000,
    "sec": 1_000,
    "min": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
}
#: A year: no conversation waits longer.
LONGEST_MS = 366 * 86_400_000
_ENDINGS = ("end", "hand_over", "go")


class Name(TextScalar):
    """A name: small letters, digits and `_`, beginning with a letter, at most 40."""

    def read(self, text: str) -> str:
        if not _NAME.fullmatch(text):
            raise refuse("F018", found=shorten(text))
        return text


class Duration(TextScalar):
    """A length of time, kept in milliseconds: `45 s`, `20 min`, `2 h`, `3 d`."""

    def read(self, text: str) -> int:
        found = _DURATION.fullmatch(text.lower())
        unit = _UNITS_MS.get(found[2]) if found else None
        if found is None or unit is None or not 0 < int(found[1]) * unit <= LONGEST_MS:
            raise refuse("F019", found=shorten(text))
        return int(found[1]) * unit


class TextField(Shaped):
    """A text that people read: one text, or one per language. Gives `{language: text}`.

    The language "" stands for a text that serves every language.
    """

    def shape(self, value: Any) -> dict[str, str]:
        if not isinstance(value, dict):
            return {"": _text(value)}
        if not value:
            raise refuse("F010")
        return {str(language): _text(text) for language, text in value.items()}


def _text(value: object) -> str:
    if isinstance(value, dict | list):
        raise refuse("F011", found=shorten(value))
    text = "" if value is None else str(value).strip()
    if not text:
        raise refuse("F010")
    return text


class Target(Shaped):
    """Where to go: a step's id, `{end: outcome}`, `{hand_over: team}` or a list of steps."""

    def shape(self, value: Any) -> Any:
        if isinstance(value, list):
            if not value:
                raise refuse("F010")
            return value
        if isinstance(value, dict):
            if len(value) == 1 and next(iter(value)) in _ENDINGS:
                return value.get("go", value)
            raise refuse("F020", found=", ".join(str(name) for name in value) or "{}")
        return Name().deserialize(value)


class Targets(Shaped):
    """A mapping of names (categories of an answer) to targets."""

    def shape(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise refuse("F005", found=shorten(value))
        return {str(name): Target().deserialize(target) for name, target in value.items()}


class Steps(Shaped):
    """A list of steps, kept plain: each is read by the schema of its own kind."""

    def shape(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise refuse("F006", found=shorten(value))
        if not value:
            raise refuse("F043")
        return value


class Raw(Shaped):
    """A value that its step reads itself, piece by piece, with complaints of its own."""


class StepSchema(Schema):
    """What every step may say besides its own keys."""

    id = Name(
        metadata=key(
            "A name for the step, so that others can lead to it.",
            "Un nom pour l'étape, pour qu'on puisse y mener.",
            "id: size",
        )
    )
    then = Target(
        metadata=key(
            "Where to go on afterwards, instead of the following step.",
            "Où continuer ensuite, au lieu de l'étape suivante.",
            "then: goodbye",
        )
    )
