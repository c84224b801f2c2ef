"""What a transcript says once it is read: plain data that the runner walks through.

`at_ms` and the times of `Clock` are milliseconds since the epoch (UTC). `line` counts from 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Who:
    """Someone who texts: a name, a number (E.164), a language, purposes agreed to beforehand."""

    name: str
    number: str
    language: str
    country: str
    agreed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Texts:
    """A person texts."""

    line: int
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Says:
    """The bot is to say this; `...` in it stands for any words."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Passes:
    """Time passes in which nobody texts."""

    line: int
    ms: int
    words: str


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock jumps to a time."""

    line: int
    at_ms: int
    words: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """The bot is to say nothing."""

    line: int


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is to be true now: `kind` with what it is about.

    >>> Fact(9, "saved", "qty=3", name="qty", value="3").words
    'qty=3'
    """

    line: int
    kind: str
    words: str
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Then:
    """Facts to be true at this point."""

    line: int
    facts: tuple[Fact, ...]


Line: TypeAlias = "Texts | Says | Passes | Clock | Nothing | Then"


@dataclass(frozen=True, slots=True)
class Transcript:
    """One written conversation."""

    file: str
    title: str
    at_ms: int
    zone: str
    people: Mapping[str, Who]
    lines: tuple[Line, ...] = field(default=())
