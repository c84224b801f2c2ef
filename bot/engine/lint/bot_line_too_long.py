"""A line that says a machine answers, missing or over 40 characters, where the EU's rules apply.

It stands before the first text of every conversation, so it has to leave room for that text (EU AI
Act, article 50(1), since 2 August 2026; the 40 characters are a choice of this project).
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.lint import Found, LintContext
from bot.engine.lint._texts import path_of

CODE = "C005"
SEVERITY = "error"
EXAMPLE = """
texts:
  bot_line: You are talking to the friendly automatic assistant of our shop.
"""

LONGEST = 40
EUROPEAN_UNION = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"}
    | {"IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)


def look(context: LintContext) -> Iterator[Found]:
    """Tell of each language in which the line is missing or too long."""
    brand = context.brand
    if EUROPEAN_UNION.isdisjoint(brand.countries):
        return
    text = brand.texts.get("bot_line")
    for language in brand.languages:
        said = text.by_language.get(language, "").strip() if text is not None else ""
        if not 0 < len(said) <= LONGEST:
            path = path_of(text, language) if text is not None else "texts"
            params = {"language": language, "length": str(len(said)), "most": str(LONGEST)}
            yield Found(None, path, params)
