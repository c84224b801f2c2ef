"""All of Parley as real processes, in a folder of its own, on either database.

    with Stack(tmp_path, database_url=postgres_url) as stack:
        requests.get(stack.url + "/readyz")
        stack.kill("worker")

It is the supervisor that starts everything, exactly as ./run does; a test stops it by its pid.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.lifeline import die_with_parent
from bot.settings import Settings, carrier_account, from_env, running
from tests.support.processes import is_alive, pss_mb, tree, wait_until

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("queue", "carrier", "web", "worker", "clock")


class Stack:
    """A running Parley; use it as a context manager. `environ` adds to what it is told."""

    def __init__(
        self,
        data: Path,
        *,
        database_url: str = "",
        environ: Mapping[str, str] | None = None,
        command: Sequence[str] = (sys.executable, "-m", "bot.supervisor"),
    ) -> None:
        self.data = data
        self._command = list(command)
        told = {"PARLEY_DATA": str(data), "DATABASE_URL": database_url, "PARLEY_LANGUAGE": "en"}
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("TWILIO_", "PARLEY_"))}
        if kept.pop("PYTHONDONTWRITEBYTECODE", ""):
            kept["PYTHONPYCACHEPREFIX"] = str(ROOT / ".venv" / "bytecode")  # as ./run does
        self.environ = kept | told | dict(environ or {})
        self.url = ""
        self.output = ""
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Stack:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything and wait for the address. Raises RuntimeError with what was said."""
        complaints = (self.data.parent / f"{self.data.name}.err").open("w+")
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.output += line
            found = re.search(r"https?://\S+", line)
            if found:
                self.url = found.group()
                return
        self._process.wait()
        complaints.seek(0)
        raise RuntimeError(f"Parley did not start:\n{self.output}{complaints.read()}")

    @property
    def pid(self) -> int:
        """Process number of the supervisor."""
        assert self._process is not None, "start first"
        return self._process.pid

    @property
    def state(self) -> dict[str, Any]:
        """What the supervisor wrote down: addresses, and the process number of each part."""
        found: dict[str, Any] = json.loads((self.data / "running.json").read_text())
        return found

    @property
    def carrier_url(self) -> str:
        return str(self.state["carrier_url"])

    @property
    def settings(self) -> Settings:
        """The settings that a command in another terminal would have."""
        return running(from_env(self.environ))

    @property
    def account(self) -> tuple[str, str]:
        """Account and token that the simulated carrier signs with."""
        return carrier_account(self.settings)

    def part(self, name: str) -> int:
        """Process number of a part: queue, carrier, web, worker or clock."""
        return int(self.state["parts"][name])

    def processes(self) -> list[int]:
        """Everything that runs, the supervisor first."""
        return tree(self.pid)

    def memory_mb(self, *parts: str) -> float:
        """PSS in MB of some parts with what they forked, or of everything."""
        return sum(pss_mb(self.part(name)) for name in parts) if parts else pss_mb(self.pid)

    def kill(self, name: str, how: int = signal.SIGKILL) -> None:
        """End a part, as a crash would; the supervisor starts it again."""
        pid = self.part(name)
        os.kill(pid, how)
        wait_until(lambda: not is_alive(pid), 10, f"the end of {name}")

    def wait_for_part(self, name: str, other_than: int) -> int:
        """Wait until a part runs again under another number; gives that number."""
        wait_until(lambda: self.part(name) != other_than, 15, f"the return of {name}")
        return self.part(name)

    def log(self, name: str) -> str:
        """What a part wrote to its log."""
        return (self.data / "logs" / f"{name}.log").read_text("utf-8", "replace")

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Stop everything; gives the supervisor's exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(how)
        code = self._process.wait(15)
        assert self._process.stdout is not None
        self.output += self._process.stdout.read()
        self._process.stdout.close()
        self._process = None
        return code
