"""Opt-out: of the people a text reached, how many said stop soon after it.

Persons who opted out within 24 h of a delivered text, divided by the persons a text was delivered
to. A later STOP belongs to the list's losses, not to a text.

    9 of 1,204 persons -> 0.7 %
"""

from __future__ import annotations

from sqlalchemy import exists

from bot.measures import HOUR_MS, Good, Measure, Rows, Scope, Unit
from bot.measures.texts import persons, texts, within
from bot.store.tables import event

WINDOW_MS = 24 * HOUR_MS


def rows(scope: Scope) -> Rows:
    """One row a person whom a text of the scope reached, or may have."""
    sent = texts(scope)
    out = event.alias("out")
    left = exists().where(
        out.c.person_id == sent.c.person_id,
        out.c.brand == scope.brand,
        out.c.kind == "opted_out",
        within(sent, out.c.at, WINDOW_MS),
    )
    return persons(sent, left)


MEASURE = Measure(
    name="opt_out",
    unit=Unit.persons,
    good=Good.down,
    window_ms=WINDOW_MS,
    source="opt-outs in the 24 h after a text by persons it was delivered to",
    rows=rows,
    order=4,
)
