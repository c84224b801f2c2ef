"""An advertising text that does not say how to get no more of them.

Each text that promotes something or starts a conversation names STOP, in so many letters: the way
out has to be free, simple and in every message (CPCE L34-5, GDPR 21(4); CTIA 5.1.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.lint import Found, LintContext
from bot.engine.lint._adverts import adverts
from bot.engine.lint._texts import path_of

CODE = "C002"
SEVERITY = "error"
EXAMPLE = """
flow: tuesday
purpose: marketing
start: {event: tuesday_came, needs_consent: marketing}
steps:
  - say: "{brand.title}: two pizzas for one tonight."
    promotes: true
"""

_STOP = re.compile(r"\bSTOP\b")
_WAYS = {"fr": "STOP pour ne plus rien recevoir.", "en": "STOP for no more texts."}


def look(context: LintContext) -> Iterator[Found]:
    """Tell of each wording without STOP."""
    told: set[str] = set()
    for flow in context.flows.values():
        for owner, text in adverts(flow, context.brand):
            for language, said in text.by_language.items():
                path = path_of(text, language)
                if not _STOP.search(said) and f"{owner} {path}" not in told:
                    told.add(f"{owner} {path}")
                    way = _WAYS.get(language, _WAYS["en"])
                    borrowed = "" if owner else flow.name
                    yield Found(owner, path, {"way": way, "borrowed": borrowed})
