"""One writer for SQLite: a thread that runs small pieces of work and commits them in groups.

SQLite has one writer at a time and each durable commit waits for the disk. Work that comes while
the disk is busy joins the next commit, so the wait is shared; each piece runs in a savepoint, so
one that fails takes nothing else with it. Nobody is answered before the commit has returned.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine

T = TypeVar("T")
_GROUP = 64


class _Piece(Generic[T]):
    __slots__ = ("done", "error", "result", "work")

    def __init__(self, work: Callable[[sqlite3.Connection, Connection], T]) -> None:
        self.work = work
        self.result: T | None = None
        self.error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()


class Writer:
    """The single writing thread of a process, started by the first piece of work."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], engine: Engine) -> None:
        self._connect = connect
        self._engine = engine
        self._waiting: SimpleQueue[_Piece[Any] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def run(self, work: Callable[[sqlite3.Connection, Connection], T]) -> T:
        """Run `work` in the next group and return when it is durable; its error is raised here."""
        if self._thread is None:
            self._start()
        piece = _Piece(work)
        self._waiting.put(piece)
        piece.done.acquire()
        if piece.error is not None:
            raise piece.error
        return piece.result  # type: ignore[return-value]

    def close(self) -> None:
        """Finish what waits and end the thread."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._serve, name="writer", daemon=True)
                thread.start()
                self._thread = thread

    def _serve(self) -> None:
        raw = self._connect()
        core = self._engine.connect()
        core.begin()
        try:
            while (first := self._waiting.get()) is not None:
                group = [first]
                while len(group) < _GROUP:
                    try:
                        piece = self._waiting.get_nowait()
                    except Empty:
                        break
                    if piece is None:
                        self._waiting.put(None)
                        break
                    group.append(piece)
                self._commit(raw, core, group)
        finally:
            core.close()
            raw.close()

    def _commit(self, raw: sqlite3.Connection, core: Connection, group: list[_Piece[Any]]) -> None:
        try:
            raw.execute("BEGIN IMMEDIATE")
            for piece in group:
                self._one(raw, core, piece)
            raw.execute("COMMIT")
        except BaseException as error:
            if raw.in_transaction:
                raw.execute("ROLLBACK")
            for piece in group:
                piece.error = piece.error or error
        for piece in group:
            piece.done.release()

    @staticmethod
    def _one(raw: sqlite3.Connection, core: Connection, piece: _Piece[Any]) -> None:
        raw.execute("SAVEPOINT piece")
        try:
            piece.result = piece.work(raw, core)
        except BaseException as error:
            piece.error = error
            raw.execute("ROLLBACK TO piece")
        raw.execute("RELEASE piece")
