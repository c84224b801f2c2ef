"""A text of more than one part because of a character outside the plain alphabet of SMS.

One "ê" or curly apostrophe turns the whole text to parts of 70 characters instead of 160. Choose
another word rather than damage the one there is: "à très vite" for "à bientôt".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.engine.lint import Found, LintContext
from bot.engine.lint._lengths import over_one_part

CODE = "L002"
SEVERITY = "warning"
EXAMPLE = """
flow: merci
purpose: service
start: {keywords: [MERCI]}
steps:
  - say: Merci de votre visite, toute la maison vous salue et vous dit à bientôt à table.
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of the first such character, with its plain twin where it has one."""
    for found, measured in over_one_part(context):
        for char, twin in measured.offenders[:1]:
            params = {**found.params, "char": char, "twin": twin or "-"}
            yield replace(found, params=params, fragment=char)
