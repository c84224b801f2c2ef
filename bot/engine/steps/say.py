"""`say`: a text for the person.

- say: See you at noon, {name|friend}.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.engine.building import Building
from bot.engine.fields import Flag, StepSchema, TextField, key
from bot.engine.flow import Step
from bot.engine.moment import GoOn, Moment, Next
from bot.engine.text import Text


@dataclass(frozen=True, slots=True)
class Body:
    """A text and whether it promotes something."""

    text: Text
    promotes: bool

    def targets(self) -> tuple[tuple[str, str], ...]:
        """A text leads nowhere by itself."""
        return ()


class Schema(StepSchema):
    """The keys of `say`."""

    say = TextField(
        required=True,
        metadata=key(
            "A text for the person, one or one per language.",
            "Un texte pour la personne, un seul ou un par langue.",
            "say: {fr: Bonjour., en: Hello.}",
        ),
    )
    promotes = Flag(
        load_default=False,
        metadata=key(
            "The text sells or advertises something; the rules for marketing apply to it.",
            "Le texte fait de la publicité ; les règles du marketing s'y appliquent.",
            "promotes: true",
        ),
    )


def build(data: Any, building: Building) -> Body:
    """The body of a `say`."""
    return Body(building.text(data["say"], "say"), data["promotes"])


def run(step: Step, moment: Moment) -> Next:
    """Say the text and go on."""
    body = step.body
    assert isinstance(body, Body)
    moment.say(body.text, promotes=body.promotes)
    return GoOn(step.next)
