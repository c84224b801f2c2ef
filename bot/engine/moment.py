"""One turn while it happens: who speaks, where the session stands, what has been said so far.

Local to one call of `take_turn` and thrown away after it. Steps read and speak through it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from bot.engine import filling
from bot.engine.brand import Brand
from bot.engine.events import Event, Origin, Remembered, Said, TimerSet
from bot.engine.flow import Flow, Purpose, Step
from bot.engine.greeting import greeted
from bot.engine.question import Question
from bot.engine.session import Session
from bot.engine.text import Text
from bot.engine.turn_types import Dice, Flows, Heard, Person
from bot.understanding.answers import Reserved

#: Messages that one text or timer may lead to; the next one trips.
MOST_MESSAGES = 3


class Trip(Exception):
    """A run-time limit was met; caught by the turn, which hands over to a person."""

    def __init__(self, limit: str) -> None:
        self.limit = limit
        super().__init__(limit)


@dataclass(frozen=True, slots=True)
class GoOn:
    """Go on with a step; None: the flow is done."""

    to: str | None


@dataclass(frozen=True, slots=True)
class Waits:
    """The session waits at this step; the step has set its timers."""


@dataclass(frozen=True, slots=True)
class Over:
    """The conversation ends with a named outcome."""

    outcome: str


@dataclass(frozen=True, slots=True)
class HandsOver:
    """A person takes over."""

    team: str
    reason: str
    text: Text | None = None


Next = GoOn | Waits | Over | HandsOver


@dataclass(slots=True)
class Moment:
    """The turn so far. `session` is replaced as it moves on; None while nothing runs."""

    flows: Flows
    person: Person
    now_ms: int
    dice: Dice
    reserved: Reserved
    new_id: Callable[[], str]
    language: str
    session: Session | None = None
    flow: Flow | None = None
    at: str = ""
    """The step that speaks."""
    events: list[Event] = field(default_factory=list)
    trace: list[Heard] = field(default_factory=list)
    remembered: dict[str, Any] = field(default_factory=dict)
    consents: set[Purpose] = field(default_factory=set)
    messages: int = 0
    greeted: bool = False

    @property
    def brand(self) -> Brand:
        """The brand that speaks."""
        return self.flows.brand

    @property
    def here(self) -> Session:
        """The running session; only steps ask, and steps run in a session."""
        assert self.session is not None, "a step runs without a session"
        return self.session

    @property
    def origin(self) -> Origin:
        """Where what happens now comes from."""
        if self.flow is not None:
            return Origin(self.flow.name, self.flow.version, self.at)
        if self.session is not None:
            return Origin(self.session.flow, self.session.version, self.at)
        return Origin("", self.brand.hash, self.at)

    def change(self, **changes: Any) -> None:
        """Replace fields of the session."""
        self.session = replace(self.here, **changes)

    def say(
        self,
        text: Text,
        *,
        promotes: bool = False,
        asks: bool = False,
        wording: str | None = None,
        counted: bool = True,
    ) -> str:
        """Say a text in the person's language, filled in; gives what was said.

        An empty text says nothing. Raises Trip beyond three messages a turn, unless `counted` is
        false: the line that hands over is always said.
        """
        said = filling.fill(text.in_language(self.language), self.placed).strip()
        if not said:
            return ""
        if counted and self.messages >= MOST_MESSAGES:
            raise Trip("messages")
        self.messages += 1
        if not self.greeted:
            said = self._greet(said)
        purpose = self.flow.purpose if self.flow else Purpose.service
        self.events.append(Said(self.origin, said, self.language, purpose, promotes, asks, wording))
        return said

    def _greet(self, said: str) -> str:
        """The first automatic text of a conversation begins by saying that a machine answers."""
        self.greeted = True
        if self.session is not None:
            self.change(greeted=True)
        line = self.brand.texts.get("bot_line")
        line_said = filling.fill(line.in_language(self.language), self.placed) if line else ""
        return greeted(line_said, said, self.brand.title)

    def brand_text(self, code: str) -> Text:
        """A text of the brand by its code (`TEXT_CODES`); empty when the brand has none."""
        return self.brand.texts.get(code, Text())

    def value(self, name: str) -> Any:
        """What a name stands for in a condition: typed, None when it has no value."""
        if self.session is not None and name in self.session.answers:
            return self.session.answers[name]
        owner, _, rest = name.partition(".")
        match owner:
            case "person":
                return self.remembered.get(rest, self.person.fields.get(rest))
            case "consent":
                return any(purpose == rest for purpose in (*self.person.consents, *self.consents))
            case "coupon":
                return self.person.coupons.get(rest)
            case "settings":
                return self.brand.settings.get(rest)
            case "brand":
                return {"title": self.brand.title, "name": self.brand.name}.get(rest)
            case "language":
                return self.language
        return None

    def placed(self, name: str) -> str:
        """What a name stands for in a text: an answer as its own words, a number as written."""
        value = self.value(name)
        if value is None:
            return ""
        if self.flow is not None and name in self.flow.saves:
            step = self.flow.steps[self.flow.saves[name]]
            question = question_of(step)
            if question is not None:
                return question.answer.label(value, self.language)
        return written(value, self.language)

    def ask(self, step: Step, question: Question, *, purpose: Purpose | None = None) -> Waits:
        """Put a question and wait at its step for an answer."""
        self.session = self.here.waiting_at(step.id, self.now_ms)
        if purpose is not None:
            self.change(asked_purpose=purpose)
        self.say(question.text, promotes=question.promotes, asks=True, wording=question.wording)
        self.set_timers(question)
        return Waits()

    def set_timers(self, question: Question) -> None:
        """Set the timers of an open question: its next stage of silence, and the flow's expiry.

        The expiry is only set where silence does not end the question sooner by itself.
        """
        session = self.here
        stages = question.silence.stages[session.nudges :]
        if stages:
            self.set_timer("silence", stages[0].after_ms)
        expires = self.flow.expires_after_ms if self.flow else self.brand.expires_after_ms
        closes = sum(stage.after_ms for stage in stages) if question.silence.leads_on else None
        if closes is None or closes >= expires:
            self.set_timer("expiry", expires)

    def set_timer(self, kind: str, after_ms: int) -> None:
        """Wake this session after a time, unless it has moved on by then."""
        due = self.now_ms + after_ms
        self.events.append(TimerSet(self.origin, kind, due, self.here.visit))

    def remember(self, name: str, value: Any) -> None:
        """Set a field of the person; a change of language counts at once."""
        if name == "language":
            self.language = str(value)
        self.remembered[name] = value
        self.events.append(Remembered(self.origin, name, value))

    def heard(self, who: str, what: str, verdict: str, won: bool = False) -> None:
        """Note in the trace who could have heard the text."""
        self.trace.append(Heard(who, what, verdict, won))


def question_of(step: Step | None) -> Question | None:
    """The question of a step that asks one."""
    found = getattr(step.body, "question", None) if step is not None else None
    return found if isinstance(found, Question) else None


def written(value: Any, language: str) -> str:
    """A value as people write it: whole numbers plain, decimals with the language's comma.

    >>> written(2.5, "fr"), written(3.0, "en"), written(True, "fr")
    ('2,5', '3', 'oui')
    """
    if isinstance(value, bool):
        return {"fr": ("non", "oui")}.get(language, ("no", "yes"))[value]
    if isinstance(value, float):
        shown = f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 1e15 else str(value)
        return shown.replace(".", ",") if language == "fr" else shown
    if isinstance(value, list | tuple):
        return ", ".join(written(item, language) for item in value)
    return str(value)
