"""A flow with questions that never hands over to a person and never says how to reach one.

People who are stuck with a machine give up or get angry. A wish for a person is always heard; but
who would guess the word?
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.brand import Brand
from bot.engine.flow import Flow
from bot.engine.lint import Found, LintContext
from bot.engine.lint._graph import question_of, reachable
from bot.engine.lint._texts import of_flow

CODE = "P006"
SEVERITY = "warning"
EXAMPLE = """
flow: guests
purpose: service
start: {keywords: [GUESTS]}
steps:
  - ask: How many of you? (1-9)
    answer: {integer: {min: 1, max: 9}}
    wrong: [A number from 1 to 9 please., {end: lost}]
    silent: {after: 20 min, end: no_answer}
"""

_WORD = re.compile(r"\b(HUMAN|HUMAIN|PERSON|PERSONNE|AGENT)\b")


def look(context: LintContext) -> Iterator[Found]:
    """Tell once a flow, at its first question."""
    for flow in context.flows.values():
        asks = [step for step in flow.steps.values() if question_of(step) is not None]
        if asks and not _leads_to_a_person(flow, context.brand):
            yield Found(flow.name, asks[0].path, {"flow": flow.name})


def _leads_to_a_person(flow: Flow, brand: Brand) -> bool:
    live = reachable(flow, [flow.first])
    if any(flow.steps[step].kind == "hand_over" for step in live):
        return True
    said = [spoken.text for spoken in of_flow(flow, brand)]
    inherits = any(
        question is not None and question.ladder.inherited
        for question in map(question_of, flow.steps.values())
    )
    said += brand.wrong if inherits else ()
    return any(_WORD.search(text) for each in said for text in each.by_language.values())
