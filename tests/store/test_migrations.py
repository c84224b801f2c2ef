"""Migrations lead to the tables of the code, on both databases, however often they run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url

from bot.store import migrate
from bot.store.tables import metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'deep' / 'empty.db'}"
    else:
        yield str(request.getfixturevalue("empty_postgres_url"))


def engine_of(url: str):  # type: ignore[no-untyped-def]
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return create_engine(parsed)


def test_a_fresh_upgrade_gives_the_tables_of_the_code(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    engine = engine_of(empty_url)
    with engine.connect() as conn:
        context = MigrationContext.configure(
            conn, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
        assert set(inspect(conn).get_table_names()) == {*metadata.tables, "alembic_version"}
    engine.dispose()


def test_an_upgrade_gives_the_same_keys_and_indexes_as_the_code(
    empty_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """`compare_metadata` looks at neither the conditions of indexes nor SQLite's rowids."""
    migrate.upgrade(empty_url)
    if empty_url.startswith("sqlite"):
        other = f"sqlite:///{tmp_path / 'made.db'}"
        query = "SELECT type, name, replace(sql, '\"', '') FROM sqlite_master WHERE sql IS NOT NULL"
    else:
        cluster = request.getfixturevalue("postgres")
        other = cluster.url(cluster.create())
        query = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    made = engine_of(other)
    metadata.create_all(made)
    found = []
    for engine in (engine_of(empty_url), made):
        with engine.connect() as conn:
            rows = conn.exec_driver_sql(query).all()
        engine.dispose()
        found.append(
            sorted(
                tuple(" ".join(str(cell).split()) for cell in row)
                for row in rows
                if "alembic" not in str(row)
            )
        )
    migrated, created = found
    assert [row[:2] for row in migrated] == [row[:2] for row in created]
    if not empty_url.startswith("sqlite"):
        assert migrated == created


def test_upgrading_twice_changes_nothing(empty_url: str) -> None:
    assert migrate.current(empty_url) is None if "postgres" in empty_url else True
    migrate.upgrade(empty_url)
    first = migrate.current(empty_url)
    migrate.upgrade(empty_url)
    assert migrate.current(empty_url) == first == migrate.newest()
