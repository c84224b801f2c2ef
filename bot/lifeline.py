"""Ties a process to its parent: when the parent ends, however it ends, the kernel ends the child.

This is what leaves no process behind after `kill -9` of the supervisor. It is Linux's
PR_SET_PDEATHSIG; elsewhere it does nothing, and Ctrl-C still stops everything.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def die_with_parent(how: int = signal.SIGKILL) -> Callable[[], None]:
    """Give the function that the child calls first, between fork and exec or just after fork.

    Call this in the parent, on its main thread: the kernel watches the thread that forked. A
    parent that died before the child asked is noticed by its changed number.
    """
    parent = os.getpid()
    if not sys.platform.startswith("linux"):
        return lambda: None
    libc = ctypes.CDLL(None, use_errno=True)

    def in_the_child() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        libc.prctl(_PR_SET_PDEATHSIG, how)
        if os.getppid() != parent:
            os._exit(1)

    return in_the_child
