"""A database to measure on, made beside the one that is configured and dropped again.

    with scratch("postgresql+psycopg://parley@db/parley") as url:
        inbound.run(url)

What is measured writes hundreds of people and texts; none of that belongs where customers are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url


@contextmanager
def scratch(url: str) -> Iterator[str]:
    """The address of a new, empty PostgreSQL database on the same server.

    Raises psycopg.Error when the server is away or this user may not create databases.
    """
    here = make_url(url).set(drivername="postgresql")
    name = f"parley_bench_{os.getpid()}"
    address = here.render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True, connect_timeout=5) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield here.set(database=name).render_as_string(hide_password=False)
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            conn.execute(drop)
