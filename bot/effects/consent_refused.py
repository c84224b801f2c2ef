"""The person answered no to the consent question.

`ConsentRefused(origin, purpose=Purpose.marketing, asked_at=1767225600000)` writes a `refuse` line;
what was pending is withdrawn.
"""

from __future__ import annotations

from dataclasses import replace

from bot.effects.lines import line
from bot.effects.moment import Moment
from bot.engine.events import ConsentRefused
from compliance.ledger import LedgerEvent


def apply(event: ConsentRefused, moment: Moment) -> None:
    """Write the refusal; from this very turn on the gate knows of it."""
    purpose = str(event.purpose)
    index = moment.write_line(
        line(
            moment,
            LedgerEvent.refuse,
            purpose=purpose,
            asked_at=event.asked_at,
            answered_at=moment.now,
            answer="no",
            wording_code="opt_in_asked",
            wording_hash=moment.marks.get("wording"),
        )
    )
    moment.set_consent(purpose, "withdrawn", index)
    moment.standing = replace(
        moment.standing,
        consents=tuple(
            replace(one, state="withdrawn") if one.purpose == purpose else one
            for one in moment.standing.consents
        ),
    )
    moment.note("consent_refused", event.origin, purpose=purpose)
