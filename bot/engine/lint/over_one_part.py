"""A text that takes more than one part at its longest, in the plain alphabet: it costs twice.

Counted with the longest answers filled in, and with the line that says a machine answers where the
text is the first of a conversation.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.lint import Found, LintContext
from bot.engine.lint._lengths import over_one_part

CODE = "L001"
SEVERITY = "warning"
EXAMPLE = """
flow: hours
purpose: service
start: {keywords: [HOURS]}
steps:
  - say: >
      We open at noon from Monday to Friday, at eleven on Saturday and Sunday, and we close at ten,
      but on the first Sunday of each month, when we stay closed all day to bake for the week.
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of each wording that is too long by its letters alone."""
    for found, measured in over_one_part(context):
        if not measured.offenders:
            yield found
