"""When to try again: exponential, with some chance in it, and an end.

>>> backoff_ms(1, 0.0), backoff_ms(20, 0.0)
(1000, 600000)
"""

from __future__ import annotations

from bot.channels import SendError

FIRST = 1_000  # ms
LONGEST = 10 * 60 * 1000  # ms
LIMIT = 12  # tries; with the waits between them a bit more than an hour
PAUSE_LONGEST = 2_000  # ms; how long one failure may hold up the lane behind it


def backoff_ms(attempts: int, chance: float) -> int:
    """How long to wait after the `attempts`-th failure; `chance` in [0, 1) adds up to a quarter."""
    wait = min(FIRST << min(max(attempts, 1) - 1, 20), LONGEST)
    return wait + int(wait * chance / 4)


def pause_ms(failures: int) -> int:
    """How long a lane rests after so many failures in a row."""
    return min(250 << min(max(failures, 1) - 1, 8), PAUSE_LONGEST)


def tries_again(error: SendError, attempts: int) -> bool:
    """Whether a message is tried again after `attempts` failures.

    What our own side has to mend (credentials, an account on hold) waits without end: the texts are
    good, and their expiry ends them where they have one.
    """
    return error.retryable and (error.loggable or attempts < LIMIT)
