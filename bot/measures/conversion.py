"""Conversion: of the conversations that began, how many reached their flow's goal.

Conversations in which the goal that the flow declares was reached, whenever that was, divided by
the conversations begun in the period.

    148 of 412 conversations -> 35.9 %
"""

from __future__ import annotations

from sqlalchemy import case, exists, func, select

from bot.measures import Good, Measure, Rows, Scope, Unit
from bot.store.tables import event


def rows(scope: Scope) -> Rows:
    """One row a conversation that began in the scope."""
    won = event.alias("won")
    reached = exists().where(
        won.c.brand == scope.brand,
        won.c.person_id == event.c.person_id,
        won.c.conversation_id == event.c.conversation_id,
        won.c.kind == "converted",
        won.c.flow == event.c.flow,
        won.c.data["goal"].as_boolean().is_(True),
    )
    wanted = [
        event.c.brand == scope.brand,
        event.c.kind == "began",
        event.c.conversation_id.is_not(None),
        event.c.at >= scope.since_ms,
        event.c.at < scope.until_ms,
    ]
    if scope.flow is not None:
        wanted.append(event.c.flow == scope.flow)
    begun = (
        select(
            event.c.conversation_id,
            event.c.person_id,
            event.c.at,
            case((reached, 1), else_=0).label("counted"),
        )
        .where(*wanted)
        .subquery("begun")
    )
    return select(
        begun.c.conversation_id.label("unit"),
        func.min(begun.c.person_id).label("person_id"),
        func.min(begun.c.at).label("at"),
        func.max(1).label("confirmed"),
        func.max(begun.c.counted).label("counted"),
    ).group_by(begun.c.conversation_id)


MEASURE = Measure(
    name="conversion",
    unit=Unit.conversations,
    good=Good.up,
    source="conversations that reached their flow's goal by conversations begun",
    rows=rows,
    order=2,
)
