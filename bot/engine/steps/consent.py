"""`consent`: the question of a double opt-in; only a plain yes counts.

- consent: marketing
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.engine import filling
from bot.engine.building import Building
from bot.engine.events import ConsentAsked, ConsentGiven, ConsentRefused, Said
from bot.engine.fields import OneOf, StepSchema, Target, TextField, key
from bot.engine.flow import Purpose, Step
from bot.engine.moment import GoOn, Moment, Next, Over
from bot.engine.question import Question, Silence
from bot.engine.steps.ask import silent_field, wrong_field
from bot.engine.text import Text
from bot.understanding.answers import Parsed, kinds

#: Owners of placeholders that say the same to everybody.
_EVERYBODYS = frozenset({"brand", "settings", "language"})


@dataclass(frozen=True, slots=True)
class Body:
    """The purpose, its question, the line that confirms, and where yes and no lead.

    `yes` None is the next step; `no` None says the refusal and ends.
    """

    purpose: Purpose
    question: Question
    confirmed: Text
    yes: str | None
    no: str | None

    def targets(self) -> tuple[tuple[str, str], ...]:
        """Yes and no where they lead elsewhere, then the ways on without an answer."""
        ways = (("yes", self.yes), ("no", self.no))
        stated = tuple((label, way) for label, way in ways if way is not None)
        return (*stated, *self.question.targets())


class Schema(StepSchema):
    """The keys of `consent`."""

    consent = OneOf(
        tuple(Purpose),
        required=True,
        metadata=key(
            "The purpose that consent is asked for.",
            "La finalité pour laquelle le consentement est demandé.",
            "consent: marketing",
        ),
    )
    ask = TextField(
        metadata=key(
            "The question; by default the brand's text opt_in_asked.",
            "La question ; par défaut le texte opt_in_asked de la marque.",
            "ask: Reply YES for our offers by text. STOP to refuse.",
        )
    )
    confirmed = TextField(
        metadata=key(
            "What a yes hears; by default the brand's text opt_in_confirmed.",
            "Ce qu'entend un oui ; par défaut le texte opt_in_confirmed de la marque.",
            "confirmed: Thank you, you are in.",
        )
    )
    yes = Target(
        metadata=key(
            "Where yes leads; by default to the next step.",
            "Où mène oui ; par défaut à l'étape suivante.",
            "yes: welcome",
        )
    )
    no = Target(
        metadata=key(
            "Where no leads; by default the brand's text opt_in_refused, and the end.",
            "Où mène non ; par défaut le texte opt_in_refused, puis la fin.",
            "no: {end: refused}",
        )
    )
    wrong = wrong_field()
    silent = silent_field()


def build(data: Any, building: Building) -> Body:
    """The body of a `consent`. Without `silent` nobody is nudged: the flow's expiry closes it."""
    yes_no = kinds()["yes_no"]
    answer = yes_no.build(yes_no.options.deserialize("true"), building.flow.languages)
    silent = building.silence(data["silent"]) if "silent" in data else Silence()
    question = Question(
        text=building.text_or(data.get("ask"), "ask", "opt_in_asked"),
        answer=answer,
        ladder=building.ladder(data.get("wrong")),
        silence=silent,
        narrow_only=True,
        wording="opt_in_asked",
    )
    return Body(
        purpose=Purpose(data["consent"]),
        question=question,
        confirmed=building.text_or(data.get("confirmed"), "confirmed", "opt_in_confirmed"),
        yes=building.target(data["yes"], "yes") if "yes" in data else None,
        no=building.target(data["no"], "no") if "no" in data else None,
    )


def run(step: Step, moment: Moment) -> Next:
    """Ask for consent, unless it has been given already."""
    body = step.body
    assert isinstance(body, Body)
    if moment.value(f"consent.{body.purpose}"):
        return GoOn(body.yes or step.next)
    waits = moment.ask(step, body.question, purpose=body.purpose)
    asked = [event for event in moment.events if isinstance(event, Said) and event.asks]
    shown = _wording(body.question.text, moment) or (asked[-1].text if asked else "")
    moment.events.append(
        ConsentAsked(moment.origin, body.purpose, "opt_in_asked", shown, moment.language)
    )
    return waits


def _wording(text: Text, moment: Moment) -> str | None:
    """The words to keep as proof where the question names the person; None where it does not.

    A wording is kept once, in clear, for everybody who was shown it. So what is the person's own
    stays a placeholder in it; what this person read stands in their message.
    """
    template = text.in_language(moment.language)
    names = {part.name for part in filling.placeholders(template)}
    personal = {name for name in names if name.partition(".")[0] not in _EVERYBODYS}
    if not personal:
        return None
    return filling.fill(
        template, lambda name: f"{{{name}}}" if name in personal else moment.placed(name)
    )


def answered(step: Step, moment: Moment, parsed: Parsed) -> Next:
    """Record the yes or the no, and say that it is noted."""
    body = step.body
    assert isinstance(body, Body)
    asked_at = moment.here.asked_at
    if parsed.category == "yes":
        moment.consents.add(body.purpose)
        moment.events.append(ConsentGiven(moment.origin, body.purpose, asked_at))
        moment.say(body.confirmed, wording="opt_in_confirmed")
        return GoOn(body.yes or step.next)
    moment.events.append(ConsentRefused(moment.origin, body.purpose, asked_at))
    if body.no is not None:
        return GoOn(body.no)
    moment.say(moment.brand_text("opt_in_refused"), wording="opt_in_refused")
    return Over("refused")
