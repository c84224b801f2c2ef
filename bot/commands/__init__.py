"""The commands of `parley`: one a file, the file's name is the command's.

A file gives `arguments(parser)`, which says what may follow the name, and `run(chosen, desk)`,
which does it and gives an exit code (0 clean, 1 findings, 2 could not run). Its words are in the
catalogue: `cli.<command>.summary`, `.about`, and one entry for each argument. Import what a
command needs inside `run`, so that starting it stays quick.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType


@cache
def names() -> tuple[str, ...]:
    """All commands, in order of the alphabet."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def load(name: str) -> ModuleType:
    """The file of a command."""
    return importlib.import_module(f"{__name__}.{name}")
