"""`end`: the conversation is over, with a named outcome.

- end: changed_mind
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.engine.building import Building
from bot.engine.fields import Name, StepSchema, key
from bot.engine.flow import Step
from bot.engine.moment import Moment, Next, Over

ENDS = True


@dataclass(frozen=True, slots=True)
class Body:
    """The outcome, counted in the measures."""

    outcome: str

    def targets(self) -> tuple[tuple[str, str], ...]:
        """Nothing follows."""
        return ()


class Schema(StepSchema):
    """The keys of `end`."""

    end = Name(
        required=True,
        metadata=key(
            "The outcome of the conversation, in one word.",
            "Le résultat de la conversation, en un mot.",
            "end: changed_mind",
        ),
    )


def build(data: Any, _building: Building) -> Body:
    """The body of an `end`."""
    return Body(data["end"])


def run(step: Step, _moment: Moment) -> Next:
    """End."""
    body = step.body
    assert isinstance(body, Body)
    return Over(body.outcome)
