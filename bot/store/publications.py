"""Published brands and flows: rows that every process reads, with who and when.

The marker `publication` counts publications; a turn reads it with everything else, so that all
processes change version at a turn boundary and never in the middle of one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from bot.store.markers import count, marker_in
from bot.store.tables import publication, session


@dataclass(frozen=True, slots=True)
class Published:
    """One published source. `kind` is brand or flow; `hash` the content hash of `source`."""

    brand: str
    kind: str
    name: str
    hash: str
    source: str
    active: bool
    published_at: int = 0
    published_by: str = ""


def publish(
    conn: Connection,
    sources: list[Published],
    *,
    now: int,
    by: str,
    new_id: Callable[[], str],
    keep: Collection[tuple[str, str, str]] = (),
) -> list[str]:
    """Make these sources the current ones of their brand; gives the names that changed.

    What a brand no longer has becomes inactive, but for what `keep` names as (brand, kind, name).
    Old versions stay, for the sessions on them.
    """
    changed: list[str] = []
    for brand in sorted({one.brand for one in sources}):
        theirs = {(one.kind, one.name): one for one in sources if one.brand == brand}
        rows = conn.execute(
            select(publication).where(publication.c.brand == brand, publication.c.active)
        )
        current = {(row.kind, row.name): row for row in rows}
        for key, row in current.items():
            gone = key not in theirs and (brand, *key) not in keep
            if gone or (key in theirs and theirs[key].hash != row.hash):
                conn.execute(
                    update(publication).where(publication.c.id == row.id).values(active=False)
                )
            if gone:
                changed.append(f"{brand}/{key[1]}")
        for key, one in theirs.items():
            if key not in current or current[key].hash != one.hash:
                conn.execute(insert(publication), _row(one, new_id(), now, by))
                changed.append(f"{brand}/{one.name}")
    if changed:
        count(conn, "publication")
    return changed


def _row(one: Published, id_: str, now: int, by: str) -> dict[str, object]:
    return {
        "id": id_,
        "brand": one.brand,
        "kind": one.kind,
        "name": one.name,
        "hash": one.hash,
        "source": one.source,
        "published_at": now,
        "published_by": by,
        "active": True,
    }


def read_published(conn: Connection) -> tuple[int, list[Published]]:
    """The serial, the current sources, and those that a running session still stands on."""
    serial = marker_in(conn, "publication") or 0
    rows = conn.execute(
        select(publication).where(
            publication.c.active | publication.c.hash.in_(select(session.c.version))
        )
    ).all()
    seen: dict[tuple[str, str, str, str], Published] = {}
    for row in rows:
        one = Published(
            row.brand,
            row.kind,
            row.name,
            row.hash,
            row.source,
            row.active,
            row.published_at,
            row.published_by,
        )
        key = (one.brand, one.kind, one.name, one.hash)
        if key not in seen or one.active:
            seen[key] = one
    return serial, list(seen.values())


def source_of(conn: Connection, hash_: str) -> Published | None:
    """A published source by its hash, whatever became of it."""
    row = conn.execute(select(publication).where(publication.c.hash == hash_).limit(1)).first()
    if row is None:
        return None
    return Published(
        row.brand,
        row.kind,
        row.name,
        row.hash,
        row.source,
        row.active,
        row.published_at,
        row.published_by,
    )
