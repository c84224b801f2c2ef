"""A line to PostgreSQL that does not wait for ever: a server may hang without hanging up.

A webhook has to be answered within two seconds, also when the server was frozen, its disk stands
still or the network swallows everything. Nobody over there can say so, so the limit is kept here:
a statement that is not answered in time ends with `Silent`, and its connection is closed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

#: How long a request may wait for the database before it is answered 503 (seconds).
PATIENCE = 1.5
#: How long a statement of a job or of a page may take (seconds).
LONGEST = 60.0
#: A server that kept silent is not called again for so long (seconds).
REST = 1.0


class Silent(psycopg.OperationalError):
    """The database did not answer in time."""


def in_a_hurry() -> bool:
    """Whether this thread answers somebody who will not wait."""
    return _hurry.on


class _Hurry(threading.local):
    on = False


_hurry = _Hurry()


@contextmanager
def hurry() -> Iterator[None]:
    """Within this block this thread gives a statement `PATIENCE` seconds and no more."""
    before, _hurry.on = _hurry.on, True
    try:
        yield
    finally:
        _hurry.on = before


class Line(psycopg.Connection[Any]):
    """A connection whose statements end in time."""

    hurried = False
    """Always in a hurry: a line of a thread that answers webhooks."""
    told: Callable[[], None] = staticmethod(lambda: None)
    """Is told when the server kept silent."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """As psycopg's, with an end. Raises Silent."""
        limit = PATIENCE if self.hurried or _hurry.on else LONGEST
        try:
            return super().wait(gen, interval, min(limit, timeout or limit))
        except psycopg.OperationalError as error:
            if self.pgconn.transaction_status != TransactionStatus.ACTIVE:
                raise
            # Its answer may still come some day; nobody must take it for that of the next one.
            self.pgconn.finish()
            self.told()
            raise Silent("the database did not answer in time") from error


class Caller:
    """Makes lines to one server, and lets a server that kept silent rest before the next call."""

    def __init__(self) -> None:
        self._silent_until = 0.0

    def call(self, *where: Any, **options: Any) -> Line:
        """A new line, with psycopg.connect's arguments.

        Raises psycopg.OperationalError; Silent while the server is left alone.
        """
        if time.monotonic() < self._silent_until:
            raise Silent("the database kept silent a moment ago")
        try:
            line: Line = Line.connect(*where, **options)
        except psycopg.errors.ConnectionTimeout:
            self._note()
            raise
        line.told = self._note
        return line

    def _note(self) -> None:
        self._silent_until = time.monotonic() + REST
