"""From the plain tree of a flow's YAML (mappings, lists, strings) to a flow that runs.

`schema_of_flow()` is the source of the reference and of the JSON Schema for editors; a step's keys
are in its own module (`bot.engine.steps`). Everything wrong comes back at once as `Problem`s, which
`bot.loading` turns into complaints with file, line and column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow
from marshmallow import fields

from bot.engine.brand import Brand
from bot.engine.building import Compiling
from bot.engine.fields import Duration, Flag, Name, OneOf, Schema, Steps, TextScalar, Words, key
from bot.engine.flow import Flow, Mark, Purpose, Start, Step
from bot.engine.problems import Problem, flatten, join
from bot.engine.steps import kinds
from bot.understanding.fields import did_you_mean

#: The id of the question that `needs_consent` puts before the first step.
CONSENT_FIRST = "start.consent"


class StartSchema(Schema):
    """Who may begin the flow."""

    keywords = Words(
        metadata=key(
            "Words that begin the flow, or a list of words per language.",
            "Les mots qui lancent le scénario, ou une liste de mots par langue.",
            "keywords: [LUNCH, LUNCH CLUB]",
        )
    )
    opt_in = Flag(
        load_default=False,
        metadata=key(
            "Begins when someone texts JOIN or START (or their French words).",
            "Commence quand quelqu'un écrit JOIN ou START (ou leurs mots français).",
            "opt_in: true",
        ),
    )
    catch_all = Flag(
        load_default=False,
        metadata=key(
            "Begins when nothing else understood the text.",
            "Commence quand rien d'autre n'a compris le texte.",
            "catch_all: true",
        ),
    )
    event = Name(
        metadata=key(
            "Begins when this event is reported by another program.",
            "Commence quand un autre programme signale cet événement.",
            "event: order_paid",
        )
    )
    needs_consent = OneOf(
        tuple(Purpose),
        metadata=key(
            "The consent that the flow needs; it is asked first when it is missing.",
            "Le consentement nécessaire ; il est demandé d'abord s'il manque.",
            "needs_consent: marketing",
        ),
    )


class FlowSchema(Schema):
    """A flow file."""

    flow = Name(
        required=True,
        metadata=key(
            "The flow's name, the same as the file's.",
            "Le nom du scénario, le même que celui du fichier.",
            "flow: lunch_club",
        ),
    )
    purpose = OneOf(
        tuple(Purpose),
        required=True,
        error_messages={"required": "purpose"},
        metadata=key(
            "Why we write: marketing, transactional or service.",
            "Pourquoi nous écrivons : marketing, transactional ou service.",
            "purpose: marketing",
        ),
    )
    goal = Name(
        metadata=key(
            "The conversion that the flow is for.",
            "La conversion que le scénario vise.",
            "goal: order_placed",
        )
    )
    languages = fields.List(
        TextScalar(),
        metadata=key(
            "The languages of its texts; by default the brand's.",
            "Les langues de ses textes ; par défaut celles de la marque.",
            "languages: [fr, en]",
        ),
    )
    expires = Duration(
        metadata=key(
            "How long an open question waits before the conversation is closed.",
            "Combien de temps une question attend avant que la conversation soit fermée.",
            "expires: 24 h",
        )
    )
    start = fields.Nested(
        StartSchema,
        load_default=dict,
        metadata=key(
            "Who may begin the flow.",
            "Qui peut lancer le scénario.",
            "start: {keywords: [LUNCH]}",
        ),
    )
    steps = Steps(
        required=True,
        metadata=key("The steps, in order.", "Les étapes, dans l'ordre.", "steps: [{say: Hello.}]"),
    )


def schema_of_flow() -> FlowSchema:
    """The schema of a flow file, each key with its documentation in `metadata`."""
    return FlowSchema()


def compile_flow(
    data: Any, brand: Brand, version: str, marks: Mapping[str, Mark]
) -> tuple[Flow | None, list[Problem]]:
    """Compile a flow. `data` holds mappings, lists and strings; `version` is its source's hash.

    Gives the flow, or None with every problem found. Paths count list items from 0.
    """
    if not isinstance(data, dict):
        return None, [Problem("", "F005", {"found": str(data)[:40]})]
    problems: list[Problem] = []
    try:
        loaded = schema_of_flow().load(data)
    except marshmallow.ValidationError as refused:
        problems = [_purpose_shown(problem) for problem in flatten(refused.messages)]
        loaded = refused.valid_data if isinstance(refused.valid_data, dict) else {}
    compiling = Compiling(
        brand=brand,
        purpose=loaded.get("purpose") or Purpose.service,
        languages=_languages(loaded, brand, problems),
        marks=marks,
        problems=problems,
    )
    first = _steps(loaded, compiling)
    start = _start(loaded.get("start") or {}, compiling)
    if start.needs_consent:
        ask = {"consent": str(start.needs_consent)}
        compiling.step(ask, CONSENT_FIRST, "start.needs_consent", first)
        first = CONSENT_FIRST
    _goal(loaded, compiling)
    compiling.finish()
    if problems or first is None:
        return None, problems
    steps = {name: step for name, step in compiling.steps.items() if isinstance(step, Step)}
    flow = Flow(
        name=loaded["flow"],
        brand=brand.name,
        purpose=Purpose(loaded["purpose"]),
        goal=loaded.get("goal"),
        start=start,
        steps=steps,
        first=first,
        version=version,
        languages=compiling.languages,
        expires_after_ms=loaded.get("expires", brand.expires_after_ms),
        saves=compiling.saves,
        marks=marks,
    )
    return flow, []


def _purpose_shown(problem: Problem) -> Problem:
    """A flow without a purpose is told the three there are; there is no default."""
    if problem.path == "purpose" and problem.code == "F000":
        return Problem("purpose", "F031", {"allowed": ", ".join(Purpose)})
    return problem


def _languages(loaded: Any, brand: Brand, problems: list[Problem]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(loaded.get("languages") or brand.languages))
    for place, language in enumerate(wanted):
        if language not in brand.languages:
            params = {
                "found": language,
                "meant": did_you_mean(language, list(brand.languages)),
                "allowed": ", ".join(brand.languages),
            }
            problems.append(Problem(f"languages.{place}", "F023", params))
    return wanted


def _steps(loaded: Any, compiling: Compiling) -> str | None:
    items = loaded.get("steps")
    if not isinstance(items, list) or not items:
        return None
    return compiling.block(items, "steps", "s", None)


def _start(loaded: Any, compiling: Compiling) -> Start:
    keywords: list[str] = []
    languages: dict[str, str] = {}
    for language, words in (loaded.get("keywords") or {}).items():
        if language and language not in compiling.languages:
            allowed = ", ".join(compiling.languages)
            meant = did_you_mean(language, list(compiling.languages))
            path = join("start.keywords", language)
            compiling.problem(path, "F023", found=language, meant=meant, allowed=allowed)
        keywords += words
        languages |= {word: language for word in words if language}
    needed = loaded.get("needs_consent")
    return Start(
        keywords=tuple(dict.fromkeys(keywords)),
        opt_in=loaded.get("opt_in", False),
        catch_all=loaded.get("catch_all", False),
        event=loaded.get("event"),
        needs_consent=Purpose(needed) if needed else None,
        keyword_languages=languages,
    )


def _goal(loaded: Any, compiling: Compiling) -> None:
    goal = loaded.get("goal")
    if goal and goal not in compiling.conversions:
        known = sorted(compiling.conversions)
        meant, allowed = did_you_mean(goal, known), ", ".join(known) or "-"
        compiling.problem("goal", "F032", found=goal, meant=meant, allowed=allowed)


def step_keys() -> Mapping[str, type[Schema]]:
    """The schema of each kind of step, for the reference and the JSON Schema."""
    return {name: kind.schema for name, kind in kinds().items()}
