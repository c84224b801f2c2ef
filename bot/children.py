"""A child of the supervisor: how it is started, tied to its parent, and told only what it needs."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.lifeline import die_with_parent
from bot.settings import ROOT

_SECRETS = ("PARLEY_KEY", "PARLEY_KEY_FILE", "PARLEY_TOKEN", "DATABASE_URL")
# Numpy takes a thread a core and glibc an arena a thread: memory that gains nothing here.
_LEAN = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


@dataclass(slots=True)
class Part:
    """One child: how it is started, and what has become of it. Times are of the monotonic clock."""

    name: str
    command: list[str]
    environ: dict[str, str]
    log: Path
    pass_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    pause: float = 0.0
    again_at: float | None = None

    def start(self) -> None:
        """Start the child; whatever it writes goes to its log."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=self.pass_fds,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops all
                preexec_fn=die_with_parent(),
            )
        self.began, self.again_at = time.monotonic(), None

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def signal(self, how: int) -> None:
        """Send a signal to the child and to those it forked, as long as it runs."""
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, how)

    def last_lines(self, count: int = 15) -> str:
        with suppress(OSError):
            return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-count:])
        return ""


def bare_environ() -> dict[str, str]:
    """The environment without what only our own parts may know, and with what saves memory."""
    kept = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    return kept | _LEAN
