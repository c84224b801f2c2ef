"""How gunicorn serves Parley: threads, one process on SQLite, and workers that die with it.

Sync workers are the wrong class here: a webhook promises to lose nothing, so it waits for the disk,
and threads that wait together share one commit. gunicorn reads this file by its path, so that the
arbiter does not import the application.
"""

from __future__ import annotations

import gc
import os
from typing import Any

from bot.lifeline import die_with_parent
from bot.settings import from_env

_settings = from_env(os.environ)

bind = f"{_settings.host}:{_settings.port or 8000}"  # the supervisor hands over a socket instead
worker_class = "gthread"
workers = _settings.processes
threads = _settings.threads
timeout = 60
graceful_timeout = 10
keepalive = 30
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
accesslog = None
errorlog = "-"
loglevel = _settings.log_level.value
proc_name = "parley-web"

_tie = die_with_parent()


def post_fork(server: Any, worker: Any) -> None:
    """Tie each worker to the arbiter, so that nothing answers after it was killed."""
    del server, worker
    _tie()


def post_worker_init(worker: Any) -> None:
    """Look for garbage rarely: what is loaded stays, and a turn leaves no cycles of its own."""
    del worker
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
