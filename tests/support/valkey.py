"""A private Valkey for tests: the same binary that ./run starts, on a unix socket."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import redis

from bot.lifeline import die_with_parent
from bot.valkey import arguments, binary
from tests.support.processes import wait_until


class Valkey:
    """One Valkey server; use it as a context manager. `kill` and `start` serve crash tests."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(tempfile.mkdtemp(prefix="parley-vk-", dir="/tmp"))
        self._process: subprocess.Popen[bytes] | None = None
        self.socket = self._folder / "valkey.sock"
        self.url = f"unix://{self.socket}"

    def __enter__(self) -> Valkey:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill(signal.SIGTERM)
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [str(binary()), *arguments(self._folder, self.socket)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent(signal.SIGKILL)
        )
        wait_until(self._answers, 10, "Valkey's start")

    def _answers(self) -> bool:
        errors = (redis.exceptions.ConnectionError, redis.exceptions.BusyLoadingError)
        with contextlib.suppress(*errors), redis.Redis.from_url(self.url) as client:
            return bool(client.ping())
        return False

    def kill(self, how: int = signal.SIGKILL) -> None:
        """End the server's process; its append-only file stays for the next start."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(10)
            self._process = None

    def flush(self) -> None:
        """Empty the server."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()
