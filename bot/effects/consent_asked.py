"""Consent for a purpose was asked: the first half of a double opt-in.

`ConsentAsked(origin, purpose=Purpose.marketing, wording="opt_in_asked", text="...", ...)` writes
a `request` line that names the exact words by their hash; the words themselves are kept once.
"""

from __future__ import annotations

from bot.effects.lines import line
from bot.effects.moment import Moment
from bot.engine.events import ConsentAsked
from compliance.ledger import LedgerEvent, wording_hash


def apply(event: ConsentAsked, moment: Moment) -> None:
    """Keep the wording, write the request; a consent that stands is not touched by asking."""
    shown = wording_hash(event.text)
    moment.changes.wordings.append(
        {
            "hash": shown,
            "brand": moment.brand.name,
            "code": event.wording,
            "language": event.language,
            "text": event.text,
            "first_shown_at": moment.now,
        }
    )
    index = moment.write_line(
        line(
            moment,
            LedgerEvent.request,
            purpose=str(event.purpose),
            wording_code=event.wording,
            wording_hash=shown,
            asked_at=moment.now,
            legal_basis="consent",
        )
    )
    moment.marks["wording"] = shown
    if all(
        one.state != "granted" or one.purpose != event.purpose for one in moment.standing.consents
    ):
        moment.set_consent(str(event.purpose), "pending", index, double_opt_in="pending")
