"""Which steps and ways of each flow the transcripts reached.

covered = Coverage()
stage.app.library = WatchedLibrary(stage.app.db, covered)
...
covered.reached["quiz"].steps
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from bot.engine.flow import Flow, Step
from bot.turns.library import Library

T = TypeVar("T")


@dataclass(slots=True)
class Reached:
    """Steps that ran, and ways between two steps that were gone."""

    steps: set[str] = field(default_factory=set)
    ways: set[tuple[str, str]] = field(default_factory=set)


@dataclass(slots=True)
class Coverage:
    """What was reached, by flow; `flows` are all there are."""

    flows: dict[str, Flow] = field(default_factory=dict)
    reached: dict[str, Reached] = field(default_factory=dict)

    def watch(self, flow: Flow) -> Flow:
        """The same flow, telling us where a conversation goes in it."""
        self.flows[flow.name] = flow
        known = self.reached.setdefault(flow.name, Reached())
        return replace(flow, steps=_Watched(flow.steps, known))

    def missing(self, name: str) -> list[str]:
        """Steps and ways of a flow that no transcript reached: `big_order`, `name -> summary`."""
        flow, known = self.flows[name], self.reached[name]
        steps = [step for step in flow.steps if step not in known.steps]
        late = [
            f"{one} -> {two}"
            for one, two in ways(flow)
            if (one, two) not in known.ways and one not in steps and two not in steps
        ]
        return [*steps, *late]


def ways(flow: Flow) -> list[tuple[str, str]]:
    """Every way from one step to another, once, in the order of the file."""
    found: dict[tuple[str, str], None] = {}
    for step in flow.steps.values():
        for _label, target in step.body.targets():
            found[(step.id, target)] = None
        if step.next is not None and not _decides(step):
            found[(step.id, step.next)] = None
    return list(found)


def _decides(step: Step) -> bool:
    """Whether a step always goes one of its own ways: what follows it is then no way of its own."""
    return step.kind == "branch"


class _Watched(Mapping[str, Step]):
    """Steps that note who was asked for: the engine reads each step it comes to, in order."""

    def __init__(self, steps: Mapping[str, Step], known: Reached) -> None:
        self._steps = steps
        self._known = known
        self._last = ""

    def __getitem__(self, name: str) -> Step:
        step = self._steps[name]
        self._known.steps.add(name)
        if self._last:
            self._known.ways.add((self._last, name))
        self._last = name
        return step

    def get(self, name: str, default: T | None = None) -> Any:
        """Read the step at which a conversation waits: where the next way begins."""
        self._last = name
        return self._steps.get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._steps)

    def __len__(self) -> int:
        return len(self._steps)


class WatchedLibrary(Library):
    """The published flows, each watched."""

    def __init__(self, db: Any, coverage: Coverage) -> None:
        super().__init__(db)
        self._coverage = coverage
        self._watched: dict[str, Flow] = {}

    def _flow(self, brand: Any, source: Any) -> Flow:
        flow = super()._flow(brand, source)
        if flow.version not in self._watched:
            self._watched[flow.version] = self._coverage.watch(flow)
        return self._watched[flow.version]
