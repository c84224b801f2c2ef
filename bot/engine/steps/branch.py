"""`branch`: the first condition that holds says where to go on.

- branch:
    - if: "qty > 3"
      go: many
    - else: few
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import marshmallow
from marshmallow import fields

from bot.engine.building import Building
from bot.engine.conditions import Condition, holds
from bot.engine.fields import Schema as Keys
from bot.engine.fields import StepSchema, Target, TextScalar, key, refuse
from bot.engine.flow import Step
from bot.engine.moment import GoOn, Moment, Next
from bot.engine.problems import join


@dataclass(frozen=True, slots=True)
class Body:
    """Conditions in order with where they lead, and where to go when none holds."""

    ways: tuple[tuple[Condition, str], ...]
    otherwise: str | None

    def targets(self) -> tuple[tuple[str, str], ...]:
        """One label a condition, `else` for the rest."""
        ways = tuple((f"if {condition.source}", to) for condition, to in self.ways)
        return ways if self.otherwise is None else (*ways, ("else", self.otherwise))


class WaySchema(Keys):
    """One way of a branch: `if` with `go`, or `else`."""

    if_ = TextScalar(
        data_key="if",
        metadata=key(
            "A condition over saved answers, person.<field>, consent.<purpose> and language.",
            "Une condition sur les réponses gardées, person.<champ>, consent.<finalité>, language.",
            'if: "qty > 3"',
        ),
    )
    go = Target(
        metadata=key(
            "Where to go when the condition holds.",
            "Où aller quand la condition est vraie.",
            "go: many",
        )
    )
    else_ = Target(
        data_key="else",
        metadata=key(
            "Where to go when no condition holds; without it, to the next step.",
            "Où aller quand aucune condition n'est vraie ; sinon à l'étape suivante.",
            "else: few",
        ),
    )

    @marshmallow.validates_schema
    def _one_of_both(self, data: Any, **_kwargs: Any) -> None:
        if ("else_" in data) == ("if_" in data) or ("if_" in data) != ("go" in data):
            raise refuse("F044")


class Schema(StepSchema):
    """The keys of `branch`."""

    branch = fields.List(
        fields.Nested(WaySchema),
        required=True,
        metadata=key(
            "Conditions in order; the first one that holds says where to go.",
            "Des conditions dans l'ordre ; la première qui est vraie dit où aller.",
            'branch: [{if: "qty > 3", go: many}, {else: few}]',
        ),
    )


def build(data: Any, building: Building) -> Body:
    """The body of a `branch`."""
    ways, otherwise = [], None
    for place, way in enumerate(data["branch"]):
        path = join("branch", place)
        if "else_" in way:
            otherwise = building.target(way["else_"], "else", join(path, "else"))
            if place + 1 < len(data["branch"]):
                building.problem(join(path, "else"), "F045")
            continue
        condition = building.flow.condition(way["if_"], join(building.path, path, "if"))
        to = building.target(way["go"], f"if{place + 1}", join(path, "go"))
        if condition is not None:
            ways.append((condition, to))
    return Body(tuple(ways), otherwise)


def run(step: Step, moment: Moment) -> Next:
    """Take the first way whose condition holds."""
    body = step.body
    assert isinstance(body, Body)
    for condition, to in body.ways:
        if holds(condition, moment.value):
            return GoOn(to)
    return GoOn(body.otherwise or step.next)
