"""Speed without a stopwatch: costs in *beats*, the time of one fixed piece of work in this run.

A machine that is slow or busy is slow for both, so a bound in beats says something about the code
and nothing about the machine. A beat is about 100 microseconds on a quiet machine of 2026. The
smallest of many measurements counts, since whatever else runs can only add.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable


def _beat() -> int:
    total = 0
    table = {str(number): number for number in range(200)}
    for name, value in table.items():
        total += len(name) * value + sum((value, total & 7))
    for number in range(600):
        total ^= number * 31
    return total


def seconds(work: Callable[[], object], times: int = 1) -> float:
    """The time of `work`, called `times` times, per call."""
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times


def beats(work: Callable[[], object], *, times: int = 1, rounds: int = 25) -> float:
    """What `work` costs in beats; both are measured in turn, and the smallest of each counts."""
    for _ in range(3):
        work()
    costs, units = [], []
    for _ in range(rounds):
        units.append(seconds(_beat, 5))
        costs.append(seconds(work, times))
    return min(costs) / min(units)


def bare_start() -> float:
    """Seconds that a bare Python needs to import the libraries a web process stands on."""
    code = "import flask, gunicorn, redis, sqlalchemy, psycopg"
    times = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - began)
    return min(times)
