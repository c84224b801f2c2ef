"""The person answered yes to the consent question: the second half of a double opt-in.

`ConsentGiven(origin, purpose=Purpose.marketing, asked_at=1767225600000)` writes a `confirm` line
with both times and the text as evidence, and lifts what this person had stopped by text before.
"""

from __future__ import annotations

from dataclasses import replace

from bot.effects.lifting import lift
from bot.effects.lines import line, start
from bot.effects.moment import Moment
from bot.engine.events import ConsentGiven
from bot.store.standing import ConsentRow
from compliance.ledger import LedgerEvent


def apply(event: ConsentGiven, moment: Moment) -> None:
    """Write the confirmation; from this very turn on the gate knows of it."""
    if lift(moment):
        # Both at once: the person comes back as with START, and the question has its answer.
        moment.write_line(start(moment))
    purpose = str(event.purpose)
    index = moment.write_line(
        line(
            moment,
            LedgerEvent.confirm,
            purpose=purpose,
            legal_basis="consent",
            asked_at=event.asked_at,
            answered_at=moment.now,
            answer="yes",
            wording_code="opt_in_asked",
            wording_hash=moment.marks.get("wording"),
        )
    )
    moment.set_consent(purpose, "granted", index, double_opt_in="done")
    others = tuple(one for one in moment.standing.consents if one.purpose != purpose)
    # The line gets its number when it is written; any number above 0 says that proof exists.
    given = ConsentRow(purpose, "sms", "granted", "consent", moment.now, 1, "done")
    moment.standing = replace(moment.standing, consents=(*others, given))
    moment.note("consent_given", event.origin, purpose=purpose)
