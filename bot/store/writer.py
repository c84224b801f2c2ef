"""One writer for SQLite: a thread that runs small pieces of work and commits them in groups.

SQLite has one writer at a time and each durable commit waits for the disk. Work that comes while
the disk is busy joins the next commit, so the wait is shared; each piece runs in a savepoint, so
one that fails takes nothing else with it. Nobody is answered before the commit has returned.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine

from bot.store.line import PATIENCE, in_a_hurry

T = TypeVar("T")
_GROUP = 64
_LONG = 15.0  # seconds that a job or a command waits for the file


class _Piece(Generic[T]):
    __slots__ = ("done", "error", "hurried", "result", "work")

    def __init__(self, work: Callable[[sqlite3.Connection, Connection], T]) -> None:
        self.work = work
        self.result: T | None = None
        self.error: BaseException | None = None
        self.hurried = in_a_hurry()
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
        self._patience = 0.0

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
        line: tuple[sqlite3.Connection, Connection] | None = None
        while (first := self._waiting.get()) is not None:
            group = self._group(first)
            try:
                line = line or self._open()
                self._commit(*line, group)
            except BaseException as error:
                # Whoever stands behind has waited as long for a file that nobody may write.
                self._answer([*group, *self._behind()], error)
                self._put_away(line)
                # Its pool would hand out the line that was just closed.
                self._engine.dispose()
                line = None
        self._put_away(line)

    def _group(self, first: _Piece[Any]) -> list[_Piece[Any]]:
        """The pieces that wait now, up to the size of a group."""
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
        return group

    def _behind(self) -> list[_Piece[Any]]:
        try:
            first = self._waiting.get_nowait()
        except Empty:
            return []
        if first is None:
            self._waiting.put(None)
            return []
        return self._group(first)

    def _open(self) -> tuple[sqlite3.Connection, Connection]:
        raw = self._connect()
        core = self._engine.connect()
        core.begin()
        self._patience = 0.0
        return raw, core

    @staticmethod
    def _put_away(line: tuple[sqlite3.Connection, Connection] | None) -> None:
        if line is not None:
            raw, core = line
            with suppress(Exception):
                core.close()
            with suppress(Exception):
                raw.close()

    def _commit(self, raw: sqlite3.Connection, core: Connection, group: list[_Piece[Any]]) -> None:
        """Run the pieces and commit them. Raises what kept the group from being kept."""
        # Another process may be writing. A webhook cannot wait for long; a job had better.
        patience = PATIENCE if any(piece.hurried for piece in group) else _LONG
        if patience != self._patience:
            raw.execute(f"PRAGMA busy_timeout={int(patience * 1000)}")
            self._patience = patience
        raw.execute("BEGIN IMMEDIATE")
        try:
            for piece in group:
                self._one(raw, core, piece)
            raw.execute("COMMIT")
        except BaseException:
            if raw.in_transaction:
                raw.execute("ROLLBACK")
            raise
        self._answer(group, None)

    @staticmethod
    def _answer(group: list[_Piece[Any]], error: BaseException | None) -> None:
        for piece in group:
            piece.error = piece.error or error
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
