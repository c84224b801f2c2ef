"""The consent ledger's lines, made from a moment: who, what for, when, in which words, by what."""

from __future__ import annotations

from bot.effects.moment import Moment
from compliance.ledger import LedgerEvent, LedgerLine, commitment


def line(moment: Moment, event: LedgerEvent, **more: object) -> LedgerLine:
    """A line about the person of this moment, with the text that was just heard as evidence."""
    standing = moment.standing
    evidence = None
    if moment.inbound_id is not None:
        evidence = commitment(moment.key.salt, moment.evidence)
    values: dict[str, object] = {
        "event": event,
        "occurred_at": moment.now,
        "recorded_at": moment.now,
        "brand": moment.brand.name,
        "person_id": standing.person_id,
        "sender": moment.sender.number,
        "jurisdiction": standing.country,
        "language": moment.language,
        "evidence": evidence,
        "evidence_message_id": moment.inbound_id,
        "rules_version": moment.rules_version,
        **more,
    }
    return LedgerLine(**values)  # type: ignore[arg-type]


def withdraw(moment: Moment, *, purpose: str, method: str) -> LedgerLine:
    """The person said stop, to everything or to one purpose."""
    return line(moment, LedgerEvent.withdraw, purpose=purpose, method=method)


def start(moment: Moment, method: str = "keyword") -> LedgerLine:
    """The person said START: the refusal of this sender is lifted, with this text as evidence.

    `method` is "carrier" where only the carrier's list of words has this one as a START.
    """
    return line(moment, LedgerEvent.start, method=method)


def carrier_stop(
    rules_version: str, brand: str, person_id: str, message_id: str, now: int
) -> LedgerLine:
    """The carrier refused our text because the person had opted out with it (21610)."""
    return LedgerLine(
        event=LedgerEvent.withdraw,
        occurred_at=now,
        recorded_at=now,
        brand=brand,
        person_id=person_id,
        method="carrier",
        evidence_message_id=message_id,
        actor="carrier",
        rules_version=rules_version,
    )
