"""The data folder: readable by one user, held by one supervisor, with the master key in it."""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import AlreadyRunning, Refused
from bot.settings import KEY_LENGTH, Settings


def private_folder(path: Path) -> None:
    """Make a folder that only this user may open (mode 0700), or make an existing one so.

    Raises Refused when it belongs to somebody else: a folder under /tmp can be laid as a trap.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if found.st_uid != os.geteuid() or path.is_symlink():
        raise Refused(why=f"{path} belongs to somebody else")
    if found.st_mode & 0o077:
        path.chmod(0o700)


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a data folder; the kernel lets go of it when this process ends, however it ends.

    Raises AlreadyRunning when another process holds it.
    """
    with open(os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(folder=folder) from error
        yield


def make_key(settings: Settings) -> None:
    """Make the master key's file on the first start with a simulated carrier.

    With a real one a missing key is a complaint instead: a new key beside an old database would
    make everything in it unreadable.
    """
    if not settings.key and settings.simulated and not settings.key_file.exists():
        text = base64.b64encode(secrets.token_bytes(KEY_LENGTH)).decode()
        write_private(settings.key_file, text + "\n")
