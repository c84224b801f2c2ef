"""A price or a date typed into a text: it will be wrong one day, in one language before the other.

Prices and dates belong in `settings` of `brand.yml`, once, and in texts as `{settings.name}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.lint import Found, LintContext
from bot.engine.lint._texts import everywhere, path_of

CODE = "C007"
SEVERITY = "warning"
EXAMPLE = """
flow: menu
purpose: service
start: {keywords: [MENU]}
steps:
  - say: A pizza is 12.50 EUR until 3 March.
"""

_MONTHS = (
    "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
    "|january|february|march|april|may|june|july|august|september|october|november|december"
)
_MONEY = r"(?:[€$£]\s?\d+(?:[.,]\d+)?|\d+(?:[.,]\d+)?\s?(?:€|£|\$|EUR\b|USD\b|GBP\b|euros?\b))"
_CODED = r"(?:(?:EUR|USD|GBP)\s?\d+(?:[.,]\d+)?)"
_DATE = (
    rf"(?:\b\d{{1,2}}(?:er|st|nd|rd|th)?\s(?:{_MONTHS})\b|\b(?:{_MONTHS})\s\d{{1,2}}\b"
    r"|\b\d{1,2}/\d{1,2}/\d{2,4}\b|\b\d{1,2}/[01]\d\b|\b\d{4}-\d{2}-\d{2}\b)"
)
_BY_HAND = re.compile(f"{_MONEY}|{_CODED}|{_DATE}", re.IGNORECASE)


def look(context: LintContext) -> Iterator[Found]:
    """Tell of the first price or date in each wording."""
    for flow, spoken, language, said in everywhere(context):
        match = _BY_HAND.search(said)
        if match is not None:
            found = match[0].strip()
            yield Found(flow, path_of(spoken.text, language), {"found": found}, found)
