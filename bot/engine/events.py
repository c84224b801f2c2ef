"""What a turn of the engine leads to: facts in the past tense, made into rows by `bot.effects`.

Each event that speaks or counts carries flow, version and step, so that every number can be led
back to the line of YAML that caused it. One event type has one module of its name in `bot/effects`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.engine.flow import Purpose


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an event comes from. `campaign` and `arm` are empty for now."""

    flow: str
    version: str
    step: str
    campaign: str | None = None
    arm: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """The common part of all events."""

    origin: Origin


@dataclass(frozen=True, slots=True)
class Began(Event):
    """A flow began. `by` is keyword, opt_in, catch_all, intent, restart, wish, timer, event."""

    conversation: str
    by: str


@dataclass(frozen=True, slots=True)
class Said(Event):
    """A text for the person, filled in. `asks`: it leaves a question open that waits."""

    text: str
    language: str
    purpose: Purpose
    promotes: bool = False
    asks: bool = False
    wording: str | None = None
    """Code of a mandatory wording (`opt_in_asked`), whose version the ledger keeps."""


@dataclass(frozen=True, slots=True)
class Answered(Event):
    """The open question was answered: the stable category, and how many tries went wrong before."""

    category: str
    tries: int


@dataclass(frozen=True, slots=True)
class Misunderstood(Event):
    """The open question got no answer that fits; `tries` counts this one too."""

    tries: int


@dataclass(frozen=True, slots=True)
class Silent(Event):
    """Nothing came in time; `nudges` counts this one too."""

    nudges: int


@dataclass(frozen=True, slots=True)
class Remembered(Event):
    """A field of the person was set, beyond this conversation."""

    field: str
    value: Any


@dataclass(frozen=True, slots=True)
class ConsentAsked(Event):
    """Consent for a purpose was asked in these words: the request of a double opt-in."""

    purpose: Purpose
    wording: str
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class ConsentGiven(Event):
    """The person answered yes to the consent question that was asked at `asked_at`."""

    purpose: Purpose
    asked_at: int | None


@dataclass(frozen=True, slots=True)
class ConsentRefused(Event):
    """The person answered no to the consent question."""

    purpose: Purpose
    asked_at: int | None


@dataclass(frozen=True, slots=True)
class Converted(Event):
    """A conversion of the flow was reached; `value` in minor units of money when it has one."""

    name: str
    value: int | None
    is_goal: bool


@dataclass(frozen=True, slots=True)
class CouponGiven(Event):
    """The person holds a code now. `new` is false when they had one for this coupon already."""

    coupon: str
    code: str
    new: bool


@dataclass(frozen=True, slots=True)
class HandedOff(Event):
    """A person takes over; the bot is silent until the conversation is given back."""

    team: str
    reason: str


@dataclass(frozen=True, slots=True)
class TimerSet(Event):
    """Wake this session at `due_ms` unless its visit has moved on: silence, wait or expiry."""

    kind: str
    due_ms: int
    visit: int


@dataclass(frozen=True, slots=True)
class Ended(Event):
    """The conversation ended with a named outcome (`given_back` after a handoff)."""

    conversation: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Tripped(Event):
    """A run-time limit was met (steps, messages, the same step again); a person takes over."""

    limit: str
