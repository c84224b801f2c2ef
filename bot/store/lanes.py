"""Lanes: one queue of texts each, drained by one worker at a time.

A lane's lease names its owner and its epoch. Whoever drains it does so only while it holds the
newest epoch; a lease that ran out is taken over by raising the epoch, so a worker that was killed,
or slept too long, finds itself outside. A lane's row is made when it is first found with work.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, text, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.tables import lane as lanes

# A loose scan of the partial index: one step a lane, however many rows wait in each.
_LANES_WITH_ROWS = text(
    """
    WITH RECURSIVE found(lane) AS (
      SELECT min(lane) FROM message WHERE state IN ('waiting', 'deferred')
      UNION ALL
      SELECT (SELECT min(lane) FROM message
               WHERE state IN ('waiting', 'deferred') AND lane > found.lane)
        FROM found WHERE found.lane IS NOT NULL
    )
    SELECT lane FROM found
     WHERE lane IS NOT NULL
       AND EXISTS (SELECT 1 FROM message
                    WHERE state IN ('waiting', 'deferred')
                      AND message.lane = found.lane AND due_at <= :now)
    """
)
_RAISE = (
    update(lanes)
    .where(lanes.c.name == bindparam("lane"), lanes.c.lease_until <= bindparam("now"))
    .values(epoch=lanes.c.epoch + 1, owner=None, lease_until=bindparam("until"))
    .returning(lanes.c.epoch)
)
_HOLD = (
    update(lanes)
    .where(
        lanes.c.name == bindparam("lane"),
        lanes.c.epoch == bindparam("at_epoch"),
        (lanes.c.owner.is_(None)) | (lanes.c.owner == bindparam("who")),
    )
    .values(owner=bindparam("who"), lease_until=bindparam("until"))
)
_LET_GO = (
    update(lanes)
    .where(
        lanes.c.name == bindparam("lane"),
        lanes.c.epoch == bindparam("at_epoch"),
        lanes.c.owner == bindparam("who"),
    )
    .values(owner=None, lease_until=bindparam("until"))
)


class LaneLost(Exception):
    """Somebody else holds this lane with a newer epoch; what was begun is rolled back."""


def ready_lanes(conn: Connection, now_ms: int) -> list[str]:
    """The lanes in which something is due, whoever holds them."""
    return list(conn.scalars(_LANES_WITH_ROWS, {"now": now_ms}))


def raise_epochs(
    conn: Connection, names: Iterable[str], now_ms: int, until: int
) -> list[tuple[str, int]]:
    """Take over the lanes among `names` whose lease ran out; gives each with its new epoch.

    The new lease without an owner lasts until `until` (ms): long enough for a worker to come.
    """
    raised = []
    for name in names:
        insert = _insert(conn).values(name=name, epoch=0, owner=None, lease_until=0)
        conn.execute(insert.on_conflict_do_nothing())
        epoch = conn.scalar(_RAISE, {"lane": name, "now": now_ms, "until": until})
        if epoch is not None:
            raised.append((name, int(epoch)))
    return raised


def hold(conn: Connection, name: str, epoch: int, owner: str, until: int) -> None:
    """Take or renew the lease at this epoch. Raises LaneLost when it is not ours (any more).

    Call it last in a transaction: persons are locked before lanes, everywhere.
    """
    done = conn.execute(_HOLD, {"lane": name, "at_epoch": epoch, "who": owner, "until": until})
    if done.rowcount != 1:
        raise LaneLost(name)


def let_go(conn: Connection, name: str, epoch: int, owner: str, until: int) -> None:
    """End our lease at `until` (ms), if it is still ours; nobody else holds the lane before."""
    conn.execute(_LET_GO, {"lane": name, "at_epoch": epoch, "who": owner, "until": until})


def _insert(conn: Connection) -> postgresql.Insert | sqlite.Insert:
    if conn.dialect.name == "postgresql":
        return postgresql.insert(lanes)
    return sqlite.insert(lanes)
