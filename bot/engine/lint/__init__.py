"""Complaints about flows that compile: one kind of complaint a file, found by its folder.

A module holds a docstring that says what it looks for and why, and

- `CODE`: the complaint's code; its words are in the catalogue under `check.<CODE>`,
- `SEVERITY`: "error" keeps a flow from being published, "warning" does not,
- `EXAMPLE`: a flow that earns the complaint, for `parley explain` and the page of all codes,
- `look(context) -> Iterator[Found]`.

A new complaint is one such file, its words in both languages and a case under `tests/lint/cases`.
Modules whose name begins with `_` are tools of the others.

>>> sorted(lints())[:2]
['advert_without_name', 'advert_without_stop']
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from bot.engine.brand import Brand
from bot.engine.flow import Flow


class Measured(Protocol):
    """What a text takes on the wire: see `bot.sending.parts.Parts`."""

    @property
    def parts(self) -> int:
        """SMS segments that are paid for."""
        ...

    @property
    def offenders(self) -> tuple[tuple[str, str | None], ...]:
        """Characters outside GSM-7, each with its plain twin where one exists."""
        ...


@dataclass(frozen=True, slots=True)
class LintContext:
    """A brand with all its flows, and what the engine may not know by itself.

    `reserved` tells STOP, HELP, START and their families in any language; `near_reserved` gives the
    reserved word that a text is one letter away from. `measure` counts parts; without it nothing is
    measured. `transcribed` names the flows that a transcript covers, None when nobody looked.
    """

    brand: Brand
    flows: Mapping[str, Flow]
    reserved: Callable[[str], bool]
    near_reserved: Callable[[str], str | None]
    measure: Callable[[str], Measured] | None = None
    real_carrier: bool = False
    transcribed: frozenset[str] | None = None
    kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """What one lint worked out and others need as well, for as long as the context lives."""


@dataclass(frozen=True, slots=True)
class Found:
    """One complaint. `flow` is None where it is about `brand.yml`; `path` stands in that file.

    `fragment` is the piece of text at that path that the complaint is about, where there is one.
    """

    flow: str | None
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    fragment: str = ""


@dataclass(frozen=True, slots=True)
class Lint:
    """One module of this folder."""

    name: str
    code: str
    severity: str
    doc: str
    example: str
    look: Callable[[LintContext], Iterator[Found]]


@cache
def lints() -> Mapping[str, Lint]:
    """All complaints, by the name of their module."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("_"):
            continue
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        found[module.name] = Lint(
            name=module.name,
            code=loaded.CODE,
            severity=loaded.SEVERITY,
            doc=(loaded.__doc__ or "").strip(),
            example=loaded.EXAMPLE.strip() + "\n",
            look=loaded.look,
        )
    return found
