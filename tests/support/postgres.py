"""A freshly initialised PostgreSQL for tests, from Debian's packages.

PostgreSQL refuses to run as root, so as root it runs as the user `postgres` (or `nobody`) in a
folder that user owns. It listens on a unix socket in that folder, and with a password on a port of
127.0.0.1 for tests that want to cut the line.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from bot.lifeline import die_with_parent
from tests.support.processes import free_port, wait_until

_MISSING = "PostgreSQL is not installed here: sudo apt-get install -y postgresql"
_OPTIONS = {
    "max_connections": "80",
    "shared_buffers": "64MB",
    "max_wal_size": "1GB",
    "timezone": "UTC",
    "log_statement": "none",
}


def binaries() -> Path:
    """The folder with initdb and postgres, the newest version first. Raises when none is there."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: [int(n) for n in re.findall(r"\d+", path.parent.name)],
    )
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    for folder in reversed(folders):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise RuntimeError(_MISSING)


class Cluster:
    """One PostgreSQL server with its own data folder; use it as a context manager.

    `fsync` False (the default) is right for tests that kill processes: what was written survives a
    process, only not the machine. A bench wants True.
    """

    def __init__(self, *, fsync: bool = False) -> None:
        self._bin = binaries()
        self._fsync = fsync
        self._user = _other_user()
        self._folder = Path(tempfile.mkdtemp(prefix="parley-pg-", dir="/tmp"))
        self._password = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0
        self.port = free_port()

    def __enter__(self) -> Cluster:
        password = self._folder / "password"
        password.write_text(self._password)
        if self._user:
            for path in (self._folder, password):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        command = [str(self._bin / "initdb"), "-D", str(self._data), "-U", "parley", "-E", "UTF8"]
        command += ["--locale=C.UTF-8", "--no-sync", f"--pwfile={password}"]
        command += ["--auth-local=trust", "--auth-host=scram-sha-256"]
        done = subprocess.run(command, capture_output=True, text=True, **self._as_user())
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stdout}{done.stderr}")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _as_user(self) -> dict[str, Any]:
        if not self._user:
            return {"cwd": self._folder}
        return {
            "user": self._user.pw_uid,
            "group": self._user.pw_gid,
            "extra_groups": [],
            "cwd": self._folder,
            "env": {"PATH": os.environ["PATH"], "HOME": str(self._folder), "LC_ALL": "C.UTF-8"},
        }

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = dict(
            _OPTIONS,
            port=str(self.port),
            listen_addresses="127.0.0.1",
            unix_socket_directories=str(self._folder),
            fsync="on" if self._fsync else "off",
        )
        command = [str(self._bin / "postgres"), "-D", str(self._data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(signal.SIGQUIT),
                **self._as_user(),
            )
        wait_until(self._answers, 20, "PostgreSQL's start")

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError((self._folder / "log").read_text())
        with contextlib.suppress(psycopg.OperationalError):
            self.sql("SELECT 1")
            return True
        return False

    def stop(self, how: int = signal.SIGQUIT) -> None:
        """Stop the server: SIGQUIT at once, SIGINT cleanly, SIGKILL as a crash would."""
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(20)
        self._process = None

    def sql(self, statement: str, database: str = "postgres") -> None:
        """Run one statement outside any transaction."""
        where = f"host={self._folder} port={self.port} user=parley dbname={database}"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement.encode())

    def url(self, database: str) -> str:
        """SQLAlchemy's address of a database over the unix socket."""
        return f"postgresql+psycopg://parley@/{database}?host={self._folder}&port={self.port}"

    def tcp_url(self, database: str) -> str:
        """SQLAlchemy's address of a database over 127.0.0.1."""
        return f"postgresql+psycopg://parley:{self._password}@127.0.0.1:{self.port}/{database}"

    def create(self, template: str = "template1") -> str:
        """Create a database as a copy of `template`; returns its name."""
        self._count += 1
        name = f"t{self._count}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    @contextlib.contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """A database for one test, dropped afterwards whoever is still connected; gives its URL."""
        name = self.create(template)
        try:
            yield self.url(name)
        finally:
            if self._process is not None:
                self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _other_user() -> pwd.struct_passwd | None:
    """Who PostgreSQL runs as when the tests run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("no user postgres or nobody to run PostgreSQL as")
