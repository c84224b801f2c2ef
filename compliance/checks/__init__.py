"""The checks: one a file, found by this folder. To add one, add its file and a case for it.

A check has `ORDER` (an int; the earlier of two equal outcomes gives the decision its reason) and
`check(ask, facts, rules, now) -> Finding | None`. It only ever adds a finding, so a further check
can turn an allow into a block, never a block into an allow.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from datetime import datetime
from functools import cache

from compliance.rulebook import Rules
from compliance.types import Ask, Facts, Finding

Check = Callable[[Ask, Facts, Rules, datetime], Finding | None]


@cache
def all_checks() -> tuple[tuple[str, Check], ...]:
    """Every check of this folder with its name, in order. Raises ValueError when two share one."""
    modules = [
        importlib.import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
        if not module.name.startswith("_")
    ]
    orders = [module.ORDER for module in modules]
    if len(set(orders)) < len(orders):
        raise ValueError("two checks have the same ORDER")
    modules.sort(key=lambda module: int(module.ORDER))
    return tuple((module.__name__.rpartition(".")[2], module.check) for module in modules)
