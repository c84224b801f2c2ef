"""`remember`: keep something about the person beyond this conversation.

- remember: {favourite: "{box}"}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import marshmallow

from bot.engine import filling
from bot.engine.building import Building
from bot.engine.fields import Name, Raw, StepSchema, TextScalar, key
from bot.engine.flow import Step
from bot.engine.moment import GoOn, Moment, Next
from bot.engine.problems import flatten, join


@dataclass(frozen=True, slots=True)
class Body:
    """Fields of the person, each with a value that may hold placeholders."""

    fields: tuple[tuple[str, str], ...]

    def targets(self) -> tuple[tuple[str, str], ...]:
        """Remembering leads nowhere by itself."""
        return ()


class Schema(StepSchema):
    """The keys of `remember`."""

    remember = Raw(
        required=True,
        metadata=key(
            "Fields of the person and their values; later texts read them as {person.favourite}.",
            "Des champs de la personne et leurs valeurs, lus ensuite comme {person.favourite}.",
            'remember: {favourite: "{box}"}',
        ),
    )


def build(data: Any, building: Building) -> Body | None:
    """The body of a `remember`."""
    raw = data["remember"]
    if not isinstance(raw, dict) or not raw:
        building.problem("remember", "F005", found=str(raw)[:40])
        return None
    found = []
    for name, value in raw.items():
        path = join(building.path, "remember", name)
        try:
            Name().deserialize(name)
            text = str(TextScalar().deserialize(value))
        except marshmallow.ValidationError as refused:
            building.flow.problems += flatten(refused.messages, path)
            continue
        languages = building.flow.languages
        if name == "language" and text not in languages and "{" not in text:
            building.flow.problem(path, "F023", found=text, meant="", allowed=", ".join(languages))
        found.append((str(name), building.flow.template(text, path)))
    return Body(tuple(found))


def run(step: Step, moment: Moment) -> Next:
    """Remember each field that has a value now, and go on."""
    body = step.body
    assert isinstance(body, Body)
    for name, template in body.fields:
        value = _value(template, moment)
        if value is None or (name == "language" and value not in moment.brand.languages):
            continue
        moment.remember(name, value)
    return GoOn(step.next)


def _value(template: str, moment: Moment) -> Any:
    """A value that is one placeholder keeps its type; anything else is text."""
    parts = filling.parts(template)
    if len(parts) == 1 and isinstance(parts[0], filling.Placeholder):
        found = moment.value(parts[0].name)
        return parts[0].fallback if found is None else found
    return filling.fill(template, moment.placed) or None
