"""A keyword that is also an expected answer to a question of the brand.

The open question hears its answers first, so whoever wants the flow gets an answer counted, and
whoever answers a little too late gets another flow. Words that differ serve both.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.lint import Found, LintContext
from bot.engine.lint._graph import question_of
from bot.understanding.folding import fold

CODE = "N005"
SEVERITY = "error"
EXAMPLE = """
flow: lunch
purpose: service
start: {keywords: [LUNCH, VEG]}
steps:
  - ask: Which box? 1 Veg 2 Fish
    answer: {choice: {veg: ["1", veg], fish: ["2", fish]}}
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of each keyword that a choice of any flow expects as an answer."""
    answers: dict[str, tuple[str, str]] = {}
    for flow in context.flows.values():
        for step in flow.steps.values():
            question = question_of(step)
            for word in question.answer.words() if question is not None else ():
                answers.setdefault(fold(word), (flow.name, step.id))
    for flow in context.flows.values():
        for word in flow.start.keywords:
            if fold(word) in answers:
                other, step_id = answers[fold(word)]
                params = {"word": word, "flow": other, "step": step_id}
                yield Found(flow.name, "start.keywords", params, word)
