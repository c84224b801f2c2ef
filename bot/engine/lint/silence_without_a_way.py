"""A question that does not say what happens when nobody answers, and the brand has no default.

Without a way on the question would hang until the conversation expires. A consent question may
hang: nudging for consent is what we do not do.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.lint import Found, LintContext
from bot.engine.lint._graph import question_of

CODE = "P005"
SEVERITY = "error"
EXAMPLE = """
flow: guests
purpose: service
start: {keywords: [GUESTS]}
steps:
  - ask: How many of you? (1-9)
    answer: {integer: {min: 1, max: 9}}
    wrong: [A number from 1 to 9 please., {end: lost}]
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of each question whose silence leads nowhere."""
    for flow in context.flows.values():
        for step in flow.steps.values():
            question = question_of(step)
            if question is None or step.kind == "consent":
                continue
            if not question.silence.leads_on:
                write = "silent: {after: 20 min, then: {after: 2 h, end: no_answer}}"
                yield Found(flow.name, step.path, {"step": step.id, "write": write})
