"""A text that is missing in one of the flow's languages: someone would be written to in another.

A text written once serves all languages only where there is nothing to translate in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.brand import Brand
from bot.engine.lint import Found, LintContext
from bot.engine.lint._texts import Spoken, has_words, of_brand, of_flow

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
    """Tell of each text with the languages it lacks, those of the brand included."""
    brand: Brand = context.brand
    for spoken in of_brand(brand):
        yield from _missing(None, spoken, brand.languages)
    for flow in context.flows.values():
        for spoken in of_flow(flow, brand):
            yield from _missing(flow.name, spoken, flow.languages)


def _missing(flow: str | None, spoken: Spoken, languages: tuple[str, ...]) -> Iterator[Found]:
    worded = spoken.text.by_language
    missing = [language for language in languages if language not in worded]
    if missing and worded and has_words(" ".join(worded.values())):
        yield Found(flow, spoken.text.path, {"languages": ", ".join(missing)})
