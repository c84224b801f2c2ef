"""The numbers: one measure a file, found by its folder; each reads the one event log.

A measure says which *units* it counts (persons, conversations, codes), one row a unit, and of each
row two facts: whether it belongs below the line (`confirmed`), and whether it belongs above it too
(`counted`). The number, its denominator and the list of rows behind it are all made from that one
statement, so they cannot disagree.

>>> sorted(measures())
['conversion', 'opt_out', 'redemption', 'response']
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Select

from bot.catalogue import say

HOUR_MS = 3_600_000


class Unit(StrEnum):
    """What a measure counts, each one once."""

    persons = "persons"
    conversations = "conversations"
    codes = "codes"


class Good(StrEnum):
    """Which way a number should go."""

    up = "up"
    down = "down"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a number is about: a brand, one of its flows (None: all) and a period.

    `since_ms` is inside the period, `until_ms` is not; both ms since the epoch.
    """

    brand: str
    since_ms: int
    until_ms: int
    flow: str | None = None


#: One row a unit: unit, person_id, at (ms), confirmed (0 or 1), counted (0 or 1).
Rows = Select[Any]


@dataclass(frozen=True, slots=True)
class Measure:
    """One number and where it comes from.

    `rows` gives the statement with one row a unit. `window_ms` is how long after a text something
    still counts (None: whenever it happens). `source` says whose definition it is. Its words are
    the catalogue's: `measure.<name>.title`, `.question`, `.formula`, `.above`, `.below`, `.empty`.
    """

    name: str
    unit: Unit
    good: Good
    source: str
    rows: Callable[[Scope], Rows]
    window_ms: int | None = None
    order: int = 0

    def words(self, part: str, language: str, **params: object) -> str:
        """One of the measure's wordings, such as its `formula`."""
        return say(f"measure.{self.name}.{part}", language, **params)


@cache
def measures() -> Mapping[str, Measure]:
    """All measures by name, in the order in which a page shows them.

    A module of this folder that has a `MEASURE` is one; adding a measure is adding a file.
    """
    found: list[Measure] = []
    for module in pkgutil.iter_modules(__path__):
        measure = getattr(importlib.import_module(f"{__name__}.{module.name}"), "MEASURE", None)
        if measure is not None:
            found.append(measure)
    return {measure.name: measure for measure in sorted(found, key=lambda one: one.order)}
