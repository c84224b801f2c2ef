"""A sender that exists in stories only, while a real carrier is set up: nothing would be sent."""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.lint import Found, LintContext

CODE = "C006"
SEVERITY = "error"
EXAMPLE = """
senders:
  - number: "36000"
    kind: short_code
    carrier_answers: short_code
    fictional: true
"""


def look(context: LintContext) -> Iterator[Found]:
    """Tell of each fictional sender when the carrier is a real one."""
    if not context.real_carrier:
        return
    for place, sender in enumerate(context.brand.senders):
        if sender.fictional:
            path = f"senders.{place}.number"
            yield Found(None, path, {"number": sender.number}, sender.number)
