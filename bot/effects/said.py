"""The engine would say something: the text goes before the gate.

`Said(origin, text="Which box?", language="en", purpose=Purpose.marketing, asks=True)` becomes a
draft; the gate decides whether it leaves, and that decision is kept either way.
"""

from __future__ import annotations

from bot.effects.moment import Moment
from bot.engine.events import Said

#: Mandatory wordings whose kind the law knows by name.
_CONFIRMATIONS = {"opt_in_confirmed": "opt_in", "opt_in_asked": "consent_request"}


def apply(event: Said, moment: Moment) -> None:
    """Put the text before the gate, in the language it was filled in."""
    moment.language = event.language
    moment.say(
        event.text,
        event.origin,
        purpose=str(event.purpose),
        promotes=event.promotes,
        asks=event.asks,
        confirmation=_CONFIRMATIONS.get(event.wording or ""),
    )
