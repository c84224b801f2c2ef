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
            row
            for row in moment.standing.suppressions
            if not row.reaches(moment.brand.name, names)
        ),
    )
    for mark in ("stopped_at", "confirmed_stop_at"):
        moment.marks.pop(mark, None)
    return True
