"""The plain data that goes into a turn and comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.engine.brand import Brand
from bot.engine.events import Event
from bot.engine.flow import Flow, Purpose
from bot.engine.session import Session


@dataclass(frozen=True, slots=True)
class Person:
    """What the engine may know of a person. `coupons`: codes held, by coupon name."""

    id: str
    language: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    consents: frozenset[Purpose] = frozenset()
    coupons: Mapping[str, str] = field(default_factory=dict)
    greeted: bool = False
    """The person was told in this conversation that a machine answers."""


@dataclass(frozen=True, slots=True)
class Flows:
    """The published flows of a brand: the current version by name, and all live ones by hash."""

    brand: Brand
    current: Mapping[str, Flow]
    by_version: Mapping[str, Flow]


@dataclass(frozen=True, slots=True)
class TextCame:
    """A text that compliance has let through (`opt_in` when it was heard as START or JOIN).

    `intents`: flows that the text may mean, with scores from 0 to 1, best first.
    """

    text: str
    opt_in: bool = False
    intents: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class TimerRang:
    """A timer that is due; stale when its visit is not the session's."""

    kind: str
    visit: int


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A person gave the conversation back to the bot."""

    silently: bool = False


Cause = TextCame | TimerRang | GivenBack


@dataclass(frozen=True, slots=True)
class Heard:
    """One who could have heard a text: a line of the panel's table, in the order of asking.

    `who` is a stage of the routing order (open_question, repair, keyword, broad_answer, ...),
    `what` names it (a flow, a step, a word), `verdict` is exact, near, passed_on, not_asked, ...
    """

    who: str
    what: str
    verdict: str
    won: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn came to: the next session (None: nothing runs), the events, who heard it."""

    session: Session | None
    events: tuple[Event, ...]
    trace: tuple[Heard, ...] = ()


#: Dice: gives a float in [0, 1); handed in, so that a turn is a pure function.
Dice = Callable[[], float]
Texts = Sequence[str]
