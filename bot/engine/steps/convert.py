"""`convert`: name something that was reached, with its value where it has one.

- convert: order_placed
  value: "{total}"
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.engine import filling
from bot.engine.building import Building
from bot.engine.events import Converted
from bot.engine.fields import Name, StepSchema, TextScalar, key
from bot.engine.flow import Step
from bot.engine.moment import GoOn, Moment, Next


@dataclass(frozen=True, slots=True)
class Body:
    """The conversion's name and a template for its value in minor units of money."""

    name: str
    value: str | None

    def targets(self) -> tuple[tuple[str, str], ...]:
        """A conversion leads nowhere by itself."""
        return ()


class Schema(StepSchema):
    """The keys of `convert`."""

    convert = Name(
        required=True,
        metadata=key(
            "The name of what was reached; the flow's goal is one of these.",
            "Le nom de ce qui est atteint ; l'objectif du scénario est l'un d'eux.",
            "convert: order_placed",
        ),
    )
    value = TextScalar(
        metadata=key(
            "Its value in cents, as a number or a placeholder.",
            "Sa valeur en centimes, un nombre ou un emplacement.",
            'value: "{total}"',
        )
    )


def build(data: Any, building: Building) -> Body:
    """The body of a `convert`."""
    building.flow.conversions.add(data["convert"])
    value = data.get("value")
    if value is not None:
        building.flow.template(value, f"{building.path}.value")
    return Body(data["convert"], value)


def run(step: Step, moment: Moment) -> Next:
    """Count the conversion, once a conversation, and go on."""
    body = step.body
    assert isinstance(body, Body)
    if body.name not in moment.here.converted:
        is_goal = moment.flow is not None and body.name == moment.flow.goal
        moment.events.append(Converted(moment.origin, body.name, _minor(body, moment), is_goal))
        moment.change(converted=(*moment.here.converted, body.name))
    return GoOn(step.next)


def _minor(body: Body, moment: Moment) -> int | None:
    if body.value is None:
        return None
    shown = filling.fill(body.value, lambda name: str(moment.value(name) or ""))
    try:
        return int(float(shown.replace(",", ".")))
    except (ValueError, OverflowError):
        return None
