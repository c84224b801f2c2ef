"""Redemption: of the codes that reached somebody, how many were used.

Codes redeemed, whenever that was, divided by the codes delivered: those whose text the carrier
confirmed. Dividing by all subscribers, as is often done, counts people who never held a code.

    77 of 640 codes -> 12.0 %
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from bot.measures import Good, Measure, Rows, Scope, Unit
from bot.measures.texts import DELIVERED, LONGEST_WAIT_MS, UNCONFIRMED
from bot.store.tables import coupon, event, message


def rows(scope: Scope) -> Rows:
    """One row a code whose text left in the scope and was delivered or is unconfirmed."""
    text = message.alias("text")
    left_at = func.coalesce(text.c.handed_over_at, event.c.at)
    wanted = [
        event.c.brand == scope.brand,
        event.c.kind == "coupon_given",
        event.c.at >= scope.since_ms - LONGEST_WAIT_MS,
        event.c.at < scope.until_ms,
        coupon.c.brand == scope.brand,
        text.c.brand == scope.brand,
        text.c.state.in_(DELIVERED + UNCONFIRMED),
        left_at >= scope.since_ms,
        left_at < scope.until_ms,
    ]
    if scope.flow is not None:
        wanted.append(event.c.flow == scope.flow)
    # A person holds one code of a name; a flow that gives it again gives the same.
    held = and_(
        coupon.c.person_id == event.c.person_id,
        coupon.c.name == event.c.data["coupon"].as_string(),
    )
    return (
        select(
            coupon.c.id.label("unit"),
            func.min(coupon.c.person_id).label("person_id"),
            func.min(left_at).label("at"),
            func.max(case((text.c.state.in_(DELIVERED), 1), else_=0)).label("confirmed"),
            func.max(
                case(
                    (and_(text.c.state.in_(DELIVERED), coupon.c.redeemed_at.is_not(None)), 1),
                    else_=0,
                )
            ).label("counted"),
        )
        .select_from(event.join(coupon, held).join(text, text.c.id == _carrier(scope.brand)))
        .where(*wanted)
        .group_by(coupon.c.id)
    )


def _carrier(brand: str) -> ColumnElement[str]:
    """The text that carried a code: the message that the coupon or the event names, when that one
    went out; otherwise the first one that was said in the same conversation from then on."""
    own = message.alias("own")
    said = event.alias("said")
    direct = (
        select(own.c.id)
        .where(
            or_(own.c.id == coupon.c.message_id, own.c.id == event.c.message_id),
            own.c.direction == "out",
            own.c.brand == brand,
        )
        .limit(1)
        .correlate(event, coupon)
        .scalar_subquery()
    )
    first = (
        select(said.c.message_id)
        .where(
            said.c.brand == brand,
            said.c.person_id == event.c.person_id,
            said.c.conversation_id == event.c.conversation_id,
            said.c.kind == "said",
            said.c.at >= event.c.at,
        )
        .order_by(said.c.at, said.c.message_id)
        .limit(1)
        .correlate(event)
        .scalar_subquery()
    )
    return func.coalesce(direct, first)


MEASURE = Measure(
    name="redemption",
    unit=Unit.codes,
    good=Good.up,
    source="codes redeemed by codes delivered",
    rows=rows,
    order=3,
)
