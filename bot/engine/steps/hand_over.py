"""`hand_over`: a person takes over; the bot is silent until they give the conversation back.

- hand_over: orders
  say: A person will answer you before noon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.engine.building import Building
from bot.engine.fields import Name, StepSchema, TextField, key
from bot.engine.flow import Step
from bot.engine.moment import HandsOver, Moment, Next
from bot.engine.text import Text

ENDS = True


@dataclass(frozen=True, slots=True)
class Body:
    """The team, the reason it is told, and the line for the person (None: the brand's)."""

    team: str
    reason: str
    text: Text | None

    def targets(self) -> tuple[tuple[str, str], ...]:
        """Nothing follows."""
        return ()


class Schema(StepSchema):
    """The keys of `hand_over`."""

    hand_over = Name(
        required=True,
        metadata=key(
            "The team that takes over, one of the brand's.",
            "L'équipe qui prend la suite, l'une de celles de la marque.",
            "hand_over: orders",
        ),
    )
    say = TextField(
        metadata=key(
            "What the person hears; by default the brand's text handed_over.",
            "Ce qu'entend la personne ; par défaut le texte handed_over de la marque.",
            "say: A person will answer you soon.",
        )
    )
    reason = Name(
        load_default="flow",
        metadata=key(
            "Why, in one word, for the team.",
            "Pourquoi, en un mot, pour l'équipe.",
            "reason: refund",
        ),
    )


def build(data: Any, building: Building) -> Body:
    """The body of a `hand_over`."""
    text = building.text(data["say"], "say") if "say" in data else None
    return Body(building.team(data["hand_over"], "hand_over"), data["reason"], text)


def run(step: Step, _moment: Moment) -> Next:
    """Hand over."""
    body = step.body
    assert isinstance(body, Body)
    return HandsOver(body.team, body.reason, body.text)
