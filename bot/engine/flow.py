"""A flow as the engine runs it: steps by id, in order, each knowing where it leads.

`bot.loading` compiles YAML into this. Nested blocks (`ok: [{say: ...}]`) become steps of their own
with derived ids (`place.ok.1`), so the graph is flat: what `check` proves and what runs are one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Purpose(StrEnum):
    """Why we write. There is no default: whoever writes a flow has to say."""

    marketing = "marketing"
    transactional = "transactional"
    service = "service"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int


class StepBody(Protocol):
    """What a step type keeps: its own frozen dataclass, made by its schema."""

    def targets(self) -> tuple[tuple[str, str], ...]:
        """Where the step may lead besides its `next`: pairs of (label, step id)."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `kind` is the YAML key and the module's name under `steps/`.

    `next` is the step that follows when nothing else is said; None ends the flow (outcome `done`).
    `path` is the place in the YAML tree (`steps.3`), for marks and complaints.
    """

    id: str
    kind: str
    body: StepBody
    next: str | None
    path: str


@dataclass(frozen=True, slots=True)
class Start:
    """Who may begin a flow. `opt_in` hears JOIN and START once compliance has settled them."""

    keywords: tuple[str, ...] = ()
    opt_in: bool = False
    catch_all: bool = False
    event: str | None = None
    needs_consent: Purpose | None = None
    keyword_languages: Mapping[str, str] = field(default_factory=dict)
    """The language (ISO 639-1) of each keyword that was given for one language."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A compiled flow. `version` is the hash of its source; a session names the one it runs on."""

    name: str
    brand: str
    purpose: Purpose
    goal: str | None
    start: Start
    steps: Mapping[str, Step]
    first: str
    version: str
    languages: tuple[str, ...]
    expires_after_ms: int
    saves: Mapping[str, str] = field(default_factory=dict)
    """Names that the flow's steps save, and the id of the step that saves each."""
    marks: Mapping[str, Mark] = field(default_factory=dict)
    """Where each path of the YAML tree stands in the file."""

    def mark(self, path: str) -> Mark:
        """The nearest known place of a path: its own, or that of what contains it."""
        while path and path not in self.marks:
            path = path.rpartition(".")[0]
        return self.marks.get(path, Mark(self.name, 1, 1))
