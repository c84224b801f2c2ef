"""The kinds of steps: one module each, found by its folder. The module's name is the YAML key.

A module holds

- `Body`: a frozen dataclass with `targets()`; one that asks something has a `question`,
- `StepSchema`, named `Schema`: every key it may hold, each documented with `key(en, fr, example)`,
- `build(data, building) -> Body | None`: from loaded data to a body; problems are noted,
- `run(step, moment) -> Next`: what happens when the flow comes to the step,

and, where it applies,

- `answered(step, moment, parsed) -> Next`: the open question was answered,
- `rang(step, moment) -> Next`: the time that the step waited for has come,
- `ENDS = True`: nothing follows the step.

A new kind of step is one such file and a golden case under `tests/engine/cases`.

>>> sorted(kinds())[:3]
['ask', 'branch', 'confirm']
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from bot.engine.flow import Step, StepBody
from bot.understanding.answers import Parsed

if TYPE_CHECKING:
    from bot.engine.building import Building
    from bot.engine.fields import StepSchema
    from bot.engine.moment import Moment, Next


@dataclass(frozen=True, slots=True)
class StepKind:
    """One kind of step. `keys` are all the keys that its mapping may hold."""

    kind: str
    doc: str
    schema: type[StepSchema]
    keys: frozenset[str]
    build: Callable[[Any, Building], StepBody | None]
    run: Callable[[Step, Moment], Next]
    answered: Callable[[Step, Moment, Parsed], Next] | None
    rang: Callable[[Step, Moment], Next] | None
    ends: bool


@cache
def kinds() -> Mapping[str, StepKind]:
    """All kinds of steps, by their key in YAML."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        name = module.name.rstrip("_")
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        found[name] = StepKind(
            kind=name,
            doc=loaded.__doc__ or "",
            schema=loaded.Schema,
            keys=frozenset(loaded.Schema().fields),
            build=loaded.build,
            run=loaded.run,
            answered=getattr(loaded, "answered", None),
            rang=getattr(loaded, "rang", None),
            ends=getattr(loaded, "ENDS", False),
        )
    return found
