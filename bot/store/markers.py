"""Single values that all processes share, by name; and counters beside them."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.database import Database
from bot.store.tables import marker


def read_marker(db: Database, name: str) -> int | None:
    """The value of a marker; None when it was never set."""
    return db.read(lambda conn: marker_in(conn, name))


def marker_in(conn: Connection, name: str) -> int | None:
    """The value of a marker as this transaction sees it."""
    return conn.scalar(select(marker.c.value).where(marker.c.name == name))


def put_marker(conn: Connection, name: str, value: int) -> None:
    """Set a marker."""
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(marker).values(name=name, value=value)
    conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def count(conn: Connection, name: str, by: int = 1) -> None:
    """Add to a counter; begins at 0."""
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(marker).values(name=name, value=by)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"value": marker.c.value + by}
        )
    )
