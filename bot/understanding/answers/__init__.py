"""Typed answers: one kind a file, found by its folder. A text comes in, a `Parsed` comes out.

Each module holds `options` (the field of marshmallow that reads what stands behind the kind in
YAML), `build(options, languages) -> Answer`, and a docstring with an example. An answer is narrow
when nothing of the text is left over, broad when it is in there among other words, else it does not
fit. Nothing here raises, for any text.

>>> sorted(kinds())
['choice', 'decimal', 'integer', 'text', 'yes_no']
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Protocol

from marshmallow import fields

#: Tells whether a folded text is a reserved word (STOP, HELP and their families).
Reserved = Callable[[str], bool]


class Fits(StrEnum):
    """How a text fits an answer: wholly, among other words, or not at all."""

    narrow = "narrow"
    broad = "broad"
    no = "no"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What an answer made of a text. `why` names what was wrong (`out_of_range`, `two_values`).

    `category` is stable: it survives rewording and translation, and reports count it.
    """

    value: Any = None
    category: str = ""
    fits: Fits = Fits.no
    why: str = ""


NO = Parsed()


class Answer(Protocol):
    """What a question accepts."""

    @property
    def kind(self) -> str:
        """The key in YAML and the module's name."""
        ...

    def parse(self, text: str, language: str, reserved: Reserved, /) -> Parsed:
        """Read a text; `language` (ISO 639-1) is asked first where languages differ."""
        ...

    def categories(self) -> tuple[str, ...]:
        """The stable names of all the answers there can be."""
        ...

    def words(self) -> tuple[str, ...]:
        """The words of its own that it listens for, as written; `check` compares them."""
        ...

    def label(self, value: Any, language: str, /) -> str:
        """How a value reads when a text repeats it to the person."""
        ...


@dataclass(frozen=True, slots=True)
class AnswerKind:
    """One module of this folder."""

    kind: str
    doc: str
    options: fields.Field[Any]
    build: Callable[[Any, tuple[str, ...]], Answer]


@cache
def kinds() -> Mapping[str, AnswerKind]:
    """All kinds of answers, by their key."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        found[module.name] = AnswerKind(
            module.name, loaded.__doc__ or "", loaded.options, loaded.build
        )
    return found
