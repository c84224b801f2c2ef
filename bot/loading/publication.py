"""What is published is the source text itself: a row that any process compiles again.

The version of a flow is the content hash of its text, so the same words are the same version
wherever they are published, and a session names exactly what it began with.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.catalogue import say
from bot.engine.brand import Brand
from bot.engine.compile import compile_flow
from bot.engine.flow import Flow
from bot.engine.problems import Problem
from bot.errors import ParleyError
from bot.loading.brand import content_hash, read_brand
from bot.loading.complaints import Complaint, Severity
from bot.loading.locating import located
from bot.loading.tree import Tree, read

__all__ = [
    "FlowRead",
    "Source",
    "SourceRefused",
    "compile_brand",
    "compile_flow_source",
    "content_hash",
    "load_source",
    "read_flow",
]


class SourceRefused(ParleyError):
    """A published source cannot be compiled any more."""

    code = "check.refused"

    def __init__(self, name: str, complaints: tuple[Complaint, ...]) -> None:
        self.complaints = complaints
        super().__init__(name=name)

    def message(self, language: str) -> str:
        """Which source, and its first complaint, in the reader's language."""
        first = self.complaints[0].render(language) if self.complaints else "-"
        return say(self.code, language, **self.params, first=first)


@dataclass(frozen=True, slots=True)
class Source:
    """One document to publish. `kind` is brand or flow; `hash` that of `text` (`content_hash`)."""

    kind: str
    brand: str
    name: str
    text: str
    hash: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class FlowRead:
    """What became of a flow's file; `flow` is None when something in it is wrong."""

    flow: Flow | None
    tree: Tree
    complaints: tuple[Complaint, ...]


def read_flow(
    source: str | bytes, file: str, brand: Brand, name: str | None = None, version: str = ""
) -> FlowRead:
    """Read and compile a flow. Never raises. `name` is the one the file's name promises."""
    tree = read(source, file)
    if tree.data is None:
        return FlowRead(None, tree, tuple(located(tree, ())))
    text = source if isinstance(source, str) else source.decode("utf-8", "replace")
    flow, problems = compile_flow(tree.data, brand, version or content_hash(text), tree.marks)
    if isinstance(tree.data, dict) and name is not None:
        said = tree.data.get("flow")
        if isinstance(said, str) and said and said != name:
            problems = [*problems, Problem("flow", "N006", {"found": said, "name": name})]
    complaints = tuple(located(tree, problems))
    broken = any(found.severity is Severity.error for found in complaints)
    return FlowRead(None if broken else flow, tree, complaints)


def load_source(
    kind: str, name: str, source_text: str, brand: Brand | None = None
) -> tuple[Flow | Brand | None, tuple[Complaint, ...]]:
    """Compile one published document: a Brand or, for its brand, a Flow; and every complaint.

    Raises ValueError for a kind that is neither brand nor flow, or a flow without its brand.
    """
    if kind == "brand":
        found = read_brand(source_text, f"{name}/brand.yml", name)
        return found.brand, found.complaints
    if kind != "flow" or brand is None:
        raise ValueError(f"cannot load a {kind} named {name}")
    file = f"{brand.name}/flows/{name}.yml"
    read_back = read_flow(source_text, file, brand, name)
    return read_back.flow, read_back.complaints


def compile_brand(name: str, source: str) -> Brand:
    """The brand of a published row. Raises SourceRefused when there is none in the text."""
    brand, complaints = load_source("brand", name, source)
    if not isinstance(brand, Brand):
        raise SourceRefused(name, complaints)
    return brand


def compile_flow_source(name: str, source: str, brand: Brand, version: str | None = None) -> Flow:
    """The flow of a published row; `version` is the row's hash. Raises SourceRefused."""
    found = read_flow(source, f"{brand.name}/flows/{name}.yml", brand, name, version or "")
    if found.flow is None:
        raise SourceRefused(name, found.complaints)
    return found.flow
