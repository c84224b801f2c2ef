"""An open question: what is asked, what answers it, what if wrong, what if nothing comes."""

from __future__ import annotations

from dataclasses import dataclass

from bot.engine.text import Text
from bot.understanding.answers import Answer


@dataclass(frozen=True, slots=True)
class Ladder:
    """What a wrong answer hears: one text a try, then a way on (a step's id).

    The first wrong answer hears `texts[0]`; the one after the last text takes the way on.
    `inherited` when the question had none of its own and takes the brand's.
    """

    texts: tuple[Text, ...]
    then: str
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of silence: after `after_ms` say something, go somewhere, or both."""

    after_ms: int
    say: Text | None = None
    then: str | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """The stages of silence, each counted from the one before (the first: from the question)."""

    stages: tuple[Stage, ...] = ()
    inherited: bool = False

    @property
    def leads_on(self) -> bool:
        """Whether silence ends in a stated way on; else the flow's expiry closes the question."""
        return bool(self.stages) and self.stages[-1].then is not None


@dataclass(frozen=True, slots=True)
class Question:
    """A question as `ask`, `confirm` and `consent` put it."""

    text: Text
    answer: Answer
    ladder: Ladder
    silence: Silence
    promotes: bool = False
    takes_everything: bool = False
    save: str | None = None
    change: tuple[str, ...] = ()
    """Names of earlier answers that CHANGE re-opens."""
    narrow_only: bool = False
    """Consent: nothing but a plain yes or no counts as an answer."""
    wording: str | None = None

    def targets(self) -> tuple[tuple[str, str], ...]:
        """Where the question leads when it is not answered: pairs of (label, step id)."""
        found = [("wrong", self.ladder.then)]
        found += [("silent", stage.then) for stage in self.silence.stages if stage.then]
        return tuple(found)

    def texts(self) -> tuple[Text, ...]:
        """Every text that the question may say."""
        nudges = tuple(stage.say for stage in self.silence.stages if stage.say)
        return (self.text, *self.ladder.texts, *nudges)
