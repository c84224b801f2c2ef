"""The database: SQLite in the embedded mode, PostgreSQL in production, behind one small face.

`read` and `write` take work as a function of a SQLAlchemy connection. `write` is one durable
transaction; on SQLite it runs on the process's single writing thread and shares its commit. Keep
network out of both. `hot` is the same database for the one place where every round trip counts:
a turn (`bot/store/turns.py`).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.types.json import set_json_loads
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.event import listen
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool, StaticPool

from bot.jsons import dumps, loads
from bot.store.line import PATIENCE, Caller, Line
from bot.store.writer import Writer

T = TypeVar("T")


class Database:
    """An open database of either dialect. Open it after a fork, never before.

    An error never tells the values of its statement: it ends in a log, and logs hold ids only.
    """

    dialect: str

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a connection that sees what is committed; it must not write."""
        raise NotImplementedError

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction and return when it is durable."""
        raise NotImplementedError

    def close(self) -> None:
        """Give all connections back; waits for what is being written."""
        raise NotImplementedError


class SQLite(Database):
    """WAL, `synchronous=FULL` (OFF only for throw-away databases), one writer, many readers."""

    dialect = "sqlite"

    def __init__(self, path: str, *, durable: bool = True) -> None:
        self._path = path
        self._durable = durable
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._engine = create_engine(
            "sqlite://",
            creator=self.connect,
            poolclass=QueuePool,
            pool_size=4,
            max_overflow=12,
            hide_parameters=True,
        )
        raw_of_writer: list[sqlite3.Connection] = []

        def connect() -> sqlite3.Connection:
            raw_of_writer.append(self.connect())
            return raw_of_writer[-1]

        writing = create_engine(
            "sqlite://",
            creator=lambda: raw_of_writer[-1],
            poolclass=StaticPool,
            hide_parameters=True,
            json_serializer=dumps,
            json_deserializer=loads,
        )
        self.writer = Writer(connect, writing)

    def connect(self) -> sqlite3.Connection:
        """A new raw connection with our pragmas, transactions in our own hands."""
        raw = sqlite3.connect(
            self._path,
            isolation_level=None,
            check_same_thread=False,
            timeout=PATIENCE,
            cached_statements=256,
        )
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute(f"PRAGMA synchronous={'FULL' if self._durable else 'OFF'}")
        raw.execute(f"PRAGMA busy_timeout={int(PATIENCE * 1000)}")
        raw.execute("PRAGMA cache_size=-16000")
        # A checkpoint costs two more waits for the disk: 32 MB of log between them, not 4.
        raw.execute("PRAGMA wal_autocheckpoint=8000")
        return raw

    def reader(self) -> sqlite3.Connection:
        """This thread's own raw connection for reading."""
        raw: sqlite3.Connection | None = getattr(self._local, "raw", None)
        if raw is None:
            raw = self._local.raw = self.connect()
            self._readers.append(raw)
        return raw

    def read(self, work: Callable[[Connection], T]) -> T:
        with self._engine.connect() as conn:
            conn.exec_driver_sql("BEGIN")
            try:
                return work(conn)
            finally:
                conn.exec_driver_sql("ROLLBACK")

    def write(self, work: Callable[[Connection], T]) -> T:
        return self.writer.run(lambda _raw, core: work(core))

    def close(self) -> None:
        self.writer.close()
        self._engine.dispose()
        for raw in self._readers:
            raw.close()
        self._readers.clear()


class PostgreSQL(Database):
    """A psycopg connection per thread for turns, a SQLAlchemy engine for everything else."""

    dialect = "postgresql"

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self._url = url
        self._caller = Caller()
        self._local = threading.local()
        self._lines: list[Line] = []
        self._engine = create_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            pool_size=pool_size,
            max_overflow=8,
            pool_timeout=PATIENCE,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 2},
            hide_parameters=True,
            json_serializer=dumps,
            json_deserializer=loads,
        )
        listen(self._engine, "do_connect", self._connect)

    def _connect(self, _dialect: Any, _record: Any, where: Any, options: Any) -> Line:
        return self._caller.call(*where, **options)

    @contextmanager
    def raw(self) -> Iterator[psycopg.Connection[Any]]:
        """This thread's own psycopg connection, in autocommit.

        A thread that answers webhooks has one turn at a time, so it keeps its line and its
        prepared statements; a line that broke is put away and the error is raised. Raises
        psycopg.OperationalError when the server is away.
        """
        line: Line | None = getattr(self._local, "line", None)
        if line is None or line.closed:
            line = self._local.line = self._caller.call(
                self._url, autocommit=True, connect_timeout=2, prepare_threshold=0
            )
            line.hurried = True
            # Planning the one statement that writes a turn costs more than running it.
            line.execute("SET plan_cache_mode = force_generic_plan")
            set_json_loads(loads, line)
            self._lines.append(line)
        try:
            yield line
        except psycopg.OperationalError:
            if line.broken or line.closed:
                line.close()
                self._lines.remove(line)
            raise

    def read(self, work: Callable[[Connection], T]) -> T:
        with self._engine.connect() as conn:
            return work(conn)

    def write(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as conn:
            return work(conn)

    def close(self) -> None:
        for line in self._lines:
            line.close()
        self._lines.clear()
        self._engine.dispose()


def write_again(db: Database, work: Callable[[Connection], T], tries: int = 4) -> T:
    """Write, and once more from the start when PostgreSQL broke a circle of waiting transactions.

    For work that is safe to repeat: it must change nothing but the database.
    """
    for left in range(tries - 1, -1, -1):
        try:
            return db.write(work)
        except OperationalError as error:
            if not left or not isinstance(error.orig, psycopg.errors.DeadlockDetected):
                raise
    raise AssertionError("unreachable")


def open_database(url: str, *, durable: bool = True, pool_size: int = 8) -> Database:
    """Open the database of an address: `sqlite:///file` or `postgresql://...`.

    `durable=False` is for databases that are thrown away (transcripts): no waiting for the disk.
    Raises ValueError for any other kind of address.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SQLite(parsed.database or "parley.db", durable=durable)
    if parsed.get_backend_name() == "postgresql":
        plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        return PostgreSQL(plain, pool_size=pool_size)
    raise ValueError(f"DATABASE_URL names {parsed.get_backend_name()}; use sqlite or postgresql")
