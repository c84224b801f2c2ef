"""Lifting a refusal: only a text of the person does it, never a form, an API call or an import."""

from __future__ import annotations

from dataclasses import replace

from bot.effects.moment import Moment
from bot.engine.brand import Sender
from bot.store.changes import Lift
from bot.store.standing import SuppressionRow


def reach(sender: Sender) -> tuple[str, ...]:
    """The names under which a sender is refused: its own and its pool's."""
    return (sender.number,) if sender.pool is None else (sender.number, sender.pool)


def refusals(moment: Moment) -> tuple[SuppressionRow, ...]:
    """What stands against this sender and brand; other brands' refusals are none of ours."""
    names = reach(moment.sender)
    return tuple(
        row for row in moment.standing.suppressions if row.reaches(moment.brand.name, names)
    )


def lift(moment: Moment) -> bool:
    """Lift what suppresses this sender and brand for this person; true when anything was."""
    if not refusals(moment) or moment.inbound_id is None:
        return False
    names = reach(moment.sender)
    moment.changes.lifts.append(
        Lift(
            number_hmac=moment.standing.number_hmac,
            senders=names,
            brand=moment.brand.name,
            at=moment.now,
            by_message=moment.inbound_id,
        )
    )
    moment.standing = replace(
        moment.standing,
        suppressions=tuple(
            row for row in moment.standing.suppressions if not row.reaches(moment.brand.name, names)
        ),
    )
    for mark in ("stopped_at", "confirmed_stop_at"):
        moment.marks.pop(mark, None)
    return True


def lift_sender(moment: Moment) -> bool:
    """Lift what stands against this sender alone: the carrier took a word for START.

    A yes to a question is such a word on many numbers. The carrier lets texts through again, so
    that the conversation may go on; that the person wants no offers of the brand still stands.
    """
    names = reach(moment.sender)
    ours = [
        row for row in moment.standing.suppressions if row.brand is None and row.sender in names
    ]
    if not ours or moment.inbound_id is None:
        return False
    moment.changes.lifts.append(
        Lift(
            number_hmac=moment.standing.number_hmac,
            senders=names,
            brand=None,
            at=moment.now,
            by_message=moment.inbound_id,
        )
    )
    rest = tuple(row for row in moment.standing.suppressions if row not in ours)
    moment.standing = replace(moment.standing, suppressions=rest)
    return True
