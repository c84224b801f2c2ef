"""A question that does not say what a wrong answer hears, and the brand has no default either.

A list under `wrong`, in the question or in `brand.yml`: one text a try, then one way on.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.lint import Found, LintContext
from bot.engine.lint._graph import question_of

CODE = "P004"
SEVERITY = "error"
EXAMPLE = """
flow: guests
purpose: service
start: {keywords: [GUESTS]}
steps:
  - ask: How many of you? (1-9)
    answer: {integer: {min: 1, max: 9}}
    silent: {after: 20 min, end: no_answer}
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of each question whose ladder of wrong answers is empty."""
    for flow in context.flows.values():
        for step in flow.steps.values():
            question = question_of(step)
            if question is None or getattr(question, "takes_everything", False):
                continue
            if question.ladder.inherited and not question.ladder.texts:
                yield Found(flow.name, step.path, {"step": step.id})
