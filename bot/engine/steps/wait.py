"""`wait`: let time pass, then go on; what is said next was not asked for at that moment.

- wait: 2 h
- ask: How was lunch?
  answer: {text: {}}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.engine.building import Building
from bot.engine.fields import Duration, StepSchema, key
from bot.engine.flow import Step
from bot.engine.moment import GoOn, Moment, Next, Waits


@dataclass(frozen=True, slots=True)
class Body:
    """How long to wait, in milliseconds."""

    after_ms: int

    def targets(self) -> tuple[tuple[str, str], ...]:
        """Time leads nowhere but on."""
        return ()


class Schema(StepSchema):
    """The keys of `wait`."""

    wait = Duration(
        required=True,
        metadata=key(
            "How long to wait before going on.",
            "Combien de temps attendre avant de continuer.",
            "wait: 2 h",
        ),
    )


def build(data: Any, _building: Building) -> Body:
    """The body of a `wait`."""
    return Body(data["wait"])


def run(step: Step, moment: Moment) -> Next:
    """Set the timer, and wait."""
    body = step.body
    assert isinstance(body, Body)
    moment.session = moment.here.waiting_at(step.id, moment.now_ms)
    moment.set_timer("wait", body.after_ms)
    return Waits()


def rang(step: Step, _moment: Moment) -> Next:
    """The time has come: go on."""
    return GoOn(step.next)
