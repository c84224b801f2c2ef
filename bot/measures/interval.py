"""How sure a share is: Wilson's interval of one, Newcombe's interval of the difference of two.

Both at 95 %. Sources: Wilson 1927 (score interval without correction); Newcombe 1998, method 10
(the difference of two independent shares from their Wilson intervals).

>>> low, high = wilson(120, 2000)
>>> f"{low:.5f} {high:.5f}"
'0.05041 0.07128'
>>> wilson(0, 0) is None
True
"""

from __future__ import annotations

from math import sqrt

Z = 1.959963984540054  # the normal distribution's 97.5 % point
FEW = 30
"""Below this many units a share is shown as counts and an interval, never as a bare percentage."""


def wilson(counted: int, total: int) -> tuple[float, float] | None:
    """Low and high end of the share `counted / total`, in [0, 1]; None when there is no total."""
    if total <= 0:
        return None
    share = counted / total
    shrunk = 1 + Z * Z / total
    middle = (share + Z * Z / (2 * total)) / shrunk
    reach = Z * sqrt(share * (1 - share) / total + Z * Z / (4 * total * total)) / shrunk
    low = 0.0 if counted == 0 else max(0.0, middle - reach)
    high = 1.0 if counted == total else min(1.0, middle + reach)
    return low, high


def difference(
    counted: int, total: int, before: int, total_before: int
) -> tuple[float, float] | None:
    """Low and high end of the first share minus the second; None when one of them has no total."""
    now, then = wilson(counted, total), wilson(before, total_before)
    if now is None or then is None:
        return None
    share, share_before = counted / total, before / total_before
    gap = share - share_before
    low = gap - sqrt((share - now[0]) ** 2 + (then[1] - share_before) ** 2)
    high = gap + sqrt((now[1] - share) ** 2 + (share_before - then[0]) ** 2)
    return low, high
