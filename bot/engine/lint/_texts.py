"""Every text that a flow or a brand says: where it stands, when it is said, how long it gets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any

from bot.engine.brand import Brand
from bot.engine.filling import Placeholder, parts
from bot.engine.flow import Flow, Step
from bot.engine.lint import LintContext
from bot.engine.lint._graph import question_of
from bot.engine.question import Question
from bot.engine.text import Text

_PLACEHOLDERS = re.compile(r"\{\{|\}\}|\{[^{}]*\}")
#: How long a name, a place or another field of a person gets in a text we measure, in characters.
_PERSON_FIELD = 20
_COUPON_LETTERS = 7


class Role(StrEnum):
    """When a text is said."""

    main = "main"
    wrong = "wrong"
    nudge = "nudge"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text of a flow (or, with `step` None, of the brand) with the place it is written at."""

    step: Step | None
    text: Text
    role: Role = Role.main


def of_flow(flow: Flow, brand: Brand) -> Iterator[Spoken]:
    """The texts that are written in a flow; those of the brand's that it borrows are left out."""
    borrowed = {id(text) for text in brand.texts.values()}
    for step in flow.steps.values():
        for spoken in _of_body(step):
            if id(spoken.text) not in borrowed and spoken.text.by_language:
                yield spoken


def _of_body(step: Step) -> Iterator[Spoken]:
    body: Any = step.body
    if not is_dataclass(body):
        return
    for field in fields(body):
        value = getattr(body, field.name)
        if isinstance(value, Text):
            yield Spoken(step, value)
        elif isinstance(value, Question):
            yield Spoken(step, value.text)
            if not value.ladder.inherited:
                yield from (Spoken(step, text, Role.wrong) for text in value.ladder.texts)
            if not value.silence.inherited:
                said = (stage.say for stage in value.silence.stages)
                yield from (Spoken(step, text, Role.nudge) for text in said if text)


def of_brand(brand: Brand) -> Iterator[Spoken]:
    """The texts of `brand.yml`, the product's own among them."""
    yield from (Spoken(None, text) for text in brand.texts.values())
    yield from (Spoken(None, text, Role.wrong) for text in brand.wrong)
    if brand.silent_text is not None:
        yield Spoken(None, brand.silent_text, Role.nudge)


def everywhere(context: LintContext) -> list[tuple[str | None, Spoken, str, str]]:
    """Every wording of every text: (flow, spoken, language, wording); the brand's have no flow."""
    if "everywhere" not in context.kept:
        context.kept["everywhere"] = list(_everywhere(context.brand, context.flows.values()))
    found: list[tuple[str | None, Spoken, str, str]] = context.kept["everywhere"]
    return found


def _everywhere(
    brand: Brand, flows: Iterable[Flow]
) -> Iterator[tuple[str | None, Spoken, str, str]]:
    for spoken in of_brand(brand):
        yield from ((None, spoken, code, said) for code, said in spoken.text.by_language.items())
    for flow in flows:
        for spoken in of_flow(flow, brand):
            for code, said in spoken.text.by_language.items():
                yield flow.name, spoken, code, said


def path_of(text: Text, language: str) -> str:
    """The path of one wording; the text's own where it was written once for all languages."""
    return f"{text.path}.{language}" if language in text.by_language and text.path else text.path


def has_words(text: str) -> bool:
    """Whether anything is left to translate when placeholders, numbers and signs are gone.

    >>> has_words("{qty} x {box} ?"), has_words("Done, {name}.")
    (False, True)
    """
    return re.search(r"[^\W\d_]{2,}", _PLACEHOLDERS.sub(" ", text)) is not None


def longest(text: str, language: str, flow: Flow | None, brand: Brand) -> str:
    """The longest that a text gets when it is filled in. What is unknown is counted as `x`."""
    return "".join(
        part if isinstance(part, str) else _longest_value(part, language, flow, brand)
        for part in parts(text)
    )


def _longest_value(part: Placeholder, language: str, flow: Flow | None, brand: Brand) -> str:
    fallback = part.fallback or ""
    owner, _, rest = part.name.partition(".")
    match owner:
        case "brand":
            return {"title": brand.title, "name": brand.name}.get(rest, "")
        case "settings":
            return brand.settings.get(rest, "")
        case "language":
            return language
        case "coupon":
            return "x" * (_prefix(rest, flow) + _COUPON_LETTERS)
    found = _longest_answer(part.name, language, flow) or "x" * _PERSON_FIELD
    return max(found, fallback, key=len)


def _prefix(coupon: str, flow: Flow | None) -> int:
    """Length of what a coupon's codes begin with, the dash included."""
    for step in flow.steps.values() if flow else ():
        if step.kind == "coupon" and getattr(step.body, "name", "") == coupon:
            prefix = getattr(step.body, "prefix", None)
            return len(prefix) + 1 if prefix else 0
    return 0


def _longest_answer(name: str, language: str, flow: Flow | None) -> str:
    saved = flow.saves.get(name) if flow else None
    step = flow.steps.get(saved) if flow and saved else None
    question = question_of(step) if step is not None else None
    if question is None:
        return ""
    answer = question.answer
    if answer.kind in ("choice", "yes_no"):
        labels = [str(answer.label(value, language)) for value in answer.categories()]
        return max(labels, key=len, default="")
    most = getattr(answer, "most", None)
    if answer.kind in ("integer", "decimal"):
        return "9" * (len(str(int(most))) if most is not None else 6)
    return "x" * min(int(most) if most is not None else 40, 40)
