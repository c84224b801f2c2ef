"""The person holds a coupon code now.

`CouponGiven(origin, coupon="welcome", code="MARGOT-7K2P", new=True)` keeps the code; a code that
the person held before is said again and counted once.
"""

from __future__ import annotations

from bot.effects.moment import Moment
from bot.engine.events import CouponGiven


def apply(event: CouponGiven, moment: Moment) -> None:
    """Keep a new code; which text carries it is known once the texts are before the gate."""
    if not event.new:
        return
    coupon_id = moment.new_id()
    moment.changes.coupons.append(
        {
            "id": coupon_id,
            "brand": moment.brand.name,
            "name": event.coupon,
            "code": event.code,
            "person_id": moment.standing.person_id,
            "flow": event.origin.flow,
            "given_at": moment.now,
        }
    )
    moment.note("coupon_given", event.origin, coupon=event.coupon, code_id=coupon_id)
