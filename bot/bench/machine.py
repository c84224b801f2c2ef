"""What the machine is like today: its disk, a free port, the memory of a process tree."""

from __future__ import annotations

import os
import socket
import statistics
import time
from pathlib import Path


def fdatasync_ms(folder: Path, times: int = 40) -> float:
    """Median time (ms) to make 512 appended bytes durable in `folder`."""
    taken = []
    path = folder / "fdatasync"
    with path.open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(b"x" * 512)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    path.unlink()
    return statistics.median(taken)


def free_port() -> int:
    """A port on loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def pss_mb(pid: int) -> float:
    """Proportional memory (MB, PSS) of a process and all that descend from it."""
    total = 0
    for one in [pid, *_descendants(pid)]:
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line[:4] == "Pss:")
    return total / 1024


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(one) for one in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *_descendants(child)]
    return found
