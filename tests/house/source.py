"""The source that the rules of this folder read: parsed once, with its place in the house."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bot", "compliance")
_LEFT_OUT = {".venv", ".git", ".parley", "node_modules", "__pycache__", "test-results"}


@dataclass(frozen=True)
class Module:
    """One Python file: its dotted name, its text and its tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    def within(self, *rooms: str) -> bool:
        """Whether the module is one of these or lies in one of them, such as `bot.store`."""
        return any(self.name == room or self.name.startswith(room + ".") for room in rooms)

    def at(self, node: ast.AST) -> str:
        """Where a node is, as a terminal turns it into a link."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"


def module(name: str, text: str) -> Module:
    """A module that exists only in a test of a rule."""
    return Module(name, Path(name.replace(".", "/") + ".py"), text, ast.parse(text))


@cache
def modules() -> tuple[Module, ...]:
    """All modules of the program, without the tests."""
    return tuple(_read())


def _read() -> Iterator[Module]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            short = path.relative_to(ROOT)
            parts = short.with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            text = path.read_text("utf-8")
            yield Module(name, short, text, ast.parse(text, str(short)))


def files(*endings: str) -> Iterator[Path]:
    """All files of the project with one of these endings, such as `.py`."""
    folders = [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.name in _LEFT_OUT or path.name.endswith("_cache"):
                continue
            if path.is_dir():
                folders.append(path)
            elif path.suffix in endings:
                yield path


def imports(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """Every dotted name that a module imports; `from a import b` counts as `a` and as `a.b`."""
    package = module.name if module.path.name == "__init__.py" else module.name.rpartition(".")[0]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            yield node, base
            for alias in node.names:
                yield node, f"{base}.{alias.name}"


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an attribute or a name; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = dotted(node.value)
        return f"{left}.{node.attr}" if left else ""
    return ""


def docstrings(module: Module) -> set[int]:
    """Identities of the string nodes that are docstrings."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = set()
    for node in ast.walk(module.tree):
        if isinstance(node, kinds) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                found.add(id(first.value))
    return found
