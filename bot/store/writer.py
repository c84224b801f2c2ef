"""One writer for SQLite: a thread that runs small pieces of work and commits them in groups.

SQLite has one writer at a time and each durable commit waits for the disk. Work that comes while
the disk is busy joins the next commit, so the wait is shared; each piece runs in a savepoint, so
one that fails takes nothing else with it. Nobody is answered before the commit has returned.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
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
        self._waiting: deque[_Piece[Any]] = deque()
        self._ready = threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._closed = False

    def run(self, work: Callable[[sqlite3.Connection, Connection], T]) -> T:
        """Run `work` in the next group and return when it is durable; its error is raised here."""
        if self._thread is None:
            self._start()
        piece = _Piece(work)
        self._waiting.append(piece)
        self._ready.release()
        piece.done.acquire()
        if piece.error is not None:
            raise piece.error
        return piece.result  # type: ignore[return-value]

    def close(self) -> None:
        """Finish what waits and end the thread."""
        self._closed = True
        if self._thread is not None:
            self._ready.release()
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
            while True:
                self._ready.acquire()
                group = self._gather()
                if group:
                    self._commit(raw, core, group)
                elif self._closed:
                    return
        finally:
            core.close()
            raw.close()

    def _gather(self) -> list[_Piece[Any]]:
        group: list[_Piece[Any]] = []
        while self._waiting and len(group) < _GROUP:
            group.append(self._waiting.popleft())
        # One release was taken to wake up; the rest of the group's are taken here.
        for _ in group[1:]:
            self._ready.acquire(blocking=False)
        return group

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
