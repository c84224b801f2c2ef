"""`confirm`: a question for yes or no; CHANGE may re-open earlier answers.

- confirm: "{qty} x {box}. YES to order, CHANGE to edit."
  change: [box, qty]
  no: {end: changed_mind}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import fields

from bot.engine.building import Building
from bot.engine.fields import Name, StepSchema, Target, TextField, key
from bot.engine.flow import Step
from bot.engine.moment import GoOn, Moment, Next
from bot.engine.question import Question
from bot.engine.steps.ask import promotes_field, silent_field, wrong_field
from bot.understanding.answers import Parsed, kinds


@dataclass(frozen=True, slots=True)
class Body:
    """The question and where yes and no lead; None is the next step."""

    question: Question
    yes: str | None
    no: str | None

    def targets(self) -> tuple[tuple[str, str], ...]:
        """Yes and no where they lead elsewhere, then the ways on without an answer."""
        ways = (("yes", self.yes), ("no", self.no))
        stated = tuple((label, way) for label, way in ways if way is not None)
        return (*stated, *self.question.targets())


class Schema(StepSchema):
    """The keys of `confirm`."""

    confirm = TextField(
        required=True,
        metadata=key(
            "A question that is answered by yes or no.",
            "Une question à laquelle on répond par oui ou non.",
            'confirm: "{qty} x {box}. YES to order."',
        ),
    )
    promotes = promotes_field()
    yes = Target(
        metadata=key(
            "Where yes leads; by default to the next step.",
            "Où mène oui ; par défaut à l'étape suivante.",
            "yes: place",
        )
    )
    no = Target(
        required=True,
        metadata=key("Where no leads.", "Où mène non.", "no: {end: changed_mind}"),
    )
    change = fields.List(
        Name(),
        load_default=list,
        metadata=key(
            "Earlier answers that CHANGE (or CHANGER) re-opens, by the name they are saved under.",
            "Les réponses que CHANGER (ou CHANGE) rouvre, par leur nom.",
            "change: [box, qty]",
        ),
    )
    wrong = wrong_field()
    silent = silent_field()


def build(data: Any, building: Building) -> Body:
    """The body of a `confirm`."""
    change = tuple(
        building.flow.named(name, f"{building.path}.change.{place}")
        for place, name in enumerate(data["change"])
    )
    yes_no = kinds()["yes_no"]
    answer = yes_no.build(yes_no.options.deserialize("true"), building.flow.languages)
    text = building.text(data["confirm"], "confirm")
    question = building.question(text, answer, data, change=change)
    yes = building.target(data["yes"], "yes") if "yes" in data else None
    return Body(question, yes, building.target(data["no"], "no"))


def run(step: Step, moment: Moment) -> Next:
    """Ask, and wait."""
    body = step.body
    assert isinstance(body, Body)
    return moment.ask(step, body.question)


def answered(step: Step, _moment: Moment, parsed: Parsed) -> Next:
    """Go where yes or no leads."""
    body = step.body
    assert isinstance(body, Body)
    way = body.yes if parsed.category == "yes" else body.no
    return GoOn(way or step.next)
