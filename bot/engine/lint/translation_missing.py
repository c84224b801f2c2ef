"""A text that is missing in one of the flow's languages: someone would be written to in another.

A text written once serves all languages only where there is nothing to translate in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.lint import Found, LintContext
from bot.engine.lint._texts import has_words, of_flow

CODE = "N004"
SEVERITY = "error"
EXAMPLE = """
flow: hours
purpose: service
languages: [fr, en]
start: {keywords: [HOURS]}
steps:
  - say: {en: We open at noon.}
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of each text of a flow with the languages it lacks; the brand's own are told earlier."""
    for flow in context.flows.values():
        for spoken in of_flow(flow, context.brand):
            worded = spoken.text.by_language
            missing = [language for language in flow.languages if language not in worded]
            if missing and has_words(" ".join(worded.values())):
                yield Found(flow.name, spoken.text.path, {"languages": ", ".join(missing)})
