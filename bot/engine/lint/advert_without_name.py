"""An advertising text that does not say who writes.

It needs the brand's title in it when it promotes something or starts a conversation: the person
has to see from the text itself who it is from (ePrivacy 13(4), CPCE L34-5; CTIA 5.1).
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.lint import Found, LintContext
from bot.engine.lint._adverts import adverts
from bot.engine.lint._texts import path_of
from bot.understanding.folding import fold

CODE = "C001"
SEVERITY = "error"
EXAMPLE = """
flow: tuesday
purpose: marketing
start: {event: tuesday_came, needs_consent: marketing}
steps:
  - say: Two pizzas for one tonight. STOP for no more texts.
    promotes: true
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of each wording without the brand's title."""
    title = fold(context.brand.title)
    told: set[str] = set()
    for flow in context.flows.values():
        for owner, text in adverts(flow, context.brand):
            for language, said in text.by_language.items():
                path = path_of(text, language)
                named = f" {title} " in f" {fold(said)} " or "{brand.title}" in said
                if not named and f"{owner} {path}" not in told:
                    told.add(f"{owner} {path}")
                    borrowed = "" if owner else flow.name
                    params = {"title": context.brand.title, "borrowed": borrowed}
                    yield Found(owner, path, params)
