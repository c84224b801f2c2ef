"""`ask`: a question that waits for an answer.

- ask: Which box? 1 Veg  2 Chicken
  save: box
  answer: {choice: {veg: ["1", veg], chicken: ["2", chicken]}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import fields

from bot.engine.building import Building
from bot.engine.fields import (
    Duration,
    Flag,
    Name,
    OneOf,
    Raw,
    StepSchema,
    Targets,
    TextField,
    key,
)
from bot.engine.fields import (
    Schema as Keys,
)
from bot.engine.flow import Step
from bot.engine.moment import GoOn, Moment, Next
from bot.engine.question import Question
from bot.understanding.answers import Parsed


@dataclass(frozen=True, slots=True)
class Body:
    """A question, and where each category of its answer leads (others: the next step)."""

    question: Question
    go: Mapping[str, str]

    def targets(self) -> tuple[tuple[str, str], ...]:
        """By category, then the ways on without an answer."""
        return (*self.go.items(), *self.question.targets())


class SilentSchema(Keys):
    """What silence hears; `then` is the next stage."""

    after = Duration(
        required=True,
        metadata=key(
            "How long nothing came: since the question, or since the stage before.",
            "Depuis combien de temps rien n'est venu : depuis la question ou l'étape d'avant.",
            "after: 20 min",
        ),
    )
    say = TextField(
        metadata=key("What to say then.", "Ce qu'il faut dire alors.", "say: Still there?")
    )
    end = Name(
        metadata=key(
            "End the conversation with this outcome.",
            "Terminer la conversation avec ce résultat.",
            "end: no_answer",
        )
    )
    hand_over = Name(
        metadata=key(
            "Hand over to this team.", "Passer la main à cette équipe.", "hand_over: orders"
        )
    )
    go = Name(metadata=key("Go to this step.", "Aller à cette étape.", "go: goodbye"))
    then = fields.Nested(
        lambda: SilentSchema(),
        metadata=key(
            "The next stage of silence.",
            "L'étape suivante du silence.",
            "then: {after: 2 h, end: no_answer}",
        ),
    )


def wrong_field() -> Raw:
    """The key `wrong`, which every question may hold."""
    return Raw(
        metadata=key(
            "What wrong answers hear: one text a try, then a way on (hand_over, end or go).",
            "Ce qu'entendent les mauvaises réponses : un texte par essai, puis une suite "
            "(hand_over, end ou go).",
            "wrong: [Sorry?, {hand_over: orders}]",
        )
    )


def silent_field() -> fields.Nested:
    """The key `silent`, which every question may hold."""
    return fields.Nested(
        SilentSchema,
        metadata=key(
            "What happens when nothing comes.",
            "Ce qui se passe quand rien ne vient.",
            "silent: {after: 20 min, say: Still there?}",
        ),
    )


def promotes_field() -> Flag:
    """The key `promotes`, which every question may hold."""
    return Flag(
        load_default=False,
        metadata=key(
            "The text sells or advertises something.",
            "Le texte fait de la publicité.",
            "promotes: true",
        ),
    )


class Schema(StepSchema):
    """The keys of `ask`."""

    ask = TextField(
        required=True,
        metadata=key(
            "The question, one text or one per language.",
            "La question, un seul texte ou un par langue.",
            "ask: How many? (1-9)",
        ),
    )
    save = Name(
        metadata=key(
            "The name under which the answer is kept, for texts and conditions.",
            "Le nom sous lequel la réponse est gardée, pour les textes et les conditions.",
            "save: qty",
        )
    )
    promotes = promotes_field()
    answer = Raw(
        required=True,
        metadata=key(
            "What answers the question: exactly one kind of answer.",
            "Ce qui répond à la question : un seul type de réponse.",
            "answer: {integer: {min: 1, max: 9}}",
        ),
    )
    takes = OneOf(
        ("everything",),
        metadata=key(
            "Every text is an answer; only STOP and the like, repair words and the wish for a "
            "person pass.",
            "Tout texte est une réponse ; seuls STOP et les siens, les mots pour reprendre et "
            "la demande d'une personne passent.",
            "takes: everything",
        ),
    )
    go = Targets(
        load_default=dict,
        metadata=key(
            "Where each category of the answer leads; the others go on to the next step.",
            "Où mène chaque catégorie de réponse ; les autres vont à l'étape suivante.",
            "go: {veg: salads}",
        ),
    )
    wrong = wrong_field()
    silent = silent_field()


def build(data: Any, building: Building) -> Body | None:
    """The body of an `ask`; None when its answer cannot be read."""
    answer = building.answer(data["answer"], "answer")
    text = building.text(data["ask"], "ask")
    save = building.saves(data["save"], "save") if "save" in data else None
    if answer is None:
        return None
    question = building.question(
        text, answer, data, save=save, takes_everything=data.get("takes") == "everything"
    )
    return Body(question, building.targets(data["go"], "go", answer.categories()))


def run(step: Step, moment: Moment) -> Next:
    """Ask, and wait."""
    body = step.body
    assert isinstance(body, Body)
    return moment.ask(step, body.question)


def answered(step: Step, _moment: Moment, parsed: Parsed) -> Next:
    """Go where the category leads."""
    body = step.body
    assert isinstance(body, Body)
    return GoOn(body.go.get(parsed.category, step.next))
