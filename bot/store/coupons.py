"""Who holds a code, for `parley redeem`."""

from __future__ import annotations

from sqlalchemy import Connection, select

from bot.store.tables import coupon


def holder_of(conn: Connection, brand: str, code: str) -> str | None:
    """The id of the person who holds a code of a brand; None when nobody does."""
    return conn.scalar(
        select(coupon.c.person_id).where(coupon.c.brand == brand, coupon.c.code == code)
    )
