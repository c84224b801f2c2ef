"""A keyword or an answer that is a reserved word: STOP, HELP, START and their families.

These words mean the same on every number of the world. Compliance hears them before any flow does,
so a flow that listens for one would never hear it, in any language.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.lint import Found, LintContext
from bot.engine.lint._graph import question_of

CODE = "N001"
SEVERITY = "error"
EXAMPLE = """
flow: leave
purpose: service
start: {keywords: [LEAVE, UNSUBSCRIBE]}
steps:
  - say: See you soon.
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of each keyword and each word of a choice that compliance hears first."""
    for flow in context.flows.values():
        for word in flow.start.keywords:
            if context.reserved(word):
                yield Found(flow.name, "start.keywords", {"word": word}, word)
        for step in flow.steps.values():
            question = question_of(step)
            if question is None or question.answer.kind == "yes_no":
                continue
            for word in question.answer.words():
                if context.reserved(word):
                    yield Found(flow.name, f"{step.path}.answer", {"word": word}, word)
    for word in context.brand.keywords:
        if context.reserved(word):
            yield Found(None, "keywords", {"word": word}, word)
