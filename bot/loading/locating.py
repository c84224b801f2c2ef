"""From a problem at a path of the tree to a complaint with a line and a column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.engine.flow import Mark
from bot.engine.problems import Problem
from bot.loading.complaints import Complaint, Severity
from bot.loading.tree import Tree

#: About a key that should not be there, and about one that should.
_UNKNOWN_KEY, _MISSING_KEY = "F001", "F002"


def located(tree: Tree, problems: Iterable[Problem]) -> list[Complaint]:
    """The complaints of a file: those of YAML first, then each problem where it stands.

    A line that YAML misread has its complaint already; what else seems wrong there would only be
    the same mistake seen twice.
    """
    misread = {found.line for found in tree.complaints}
    found = [complain(tree, problem.path, problem.code, problem.params) for problem in problems]
    return [*tree.complaints, *(each for each in found if each.line not in misread)]


def complain(
    tree: Tree,
    path: str,
    code: str,
    params: Mapping[str, str],
    severity: Severity = Severity.error,
    fragment: str = "",
) -> Complaint:
    """A complaint about a node, or about a fragment of the text that stands there."""
    mark = _mark(tree, path, code, fragment)
    words = dict(params)
    if code == _MISSING_KEY:
        words.setdefault("key", path.rpartition(".")[2])
    if "write" not in words and code == "F011":
        words["write"] = _as_text(tree, path)
    return Complaint(mark.file, mark.line, mark.column, code, severity, words)


def _mark(tree: Tree, path: str, code: str, fragment: str) -> Mark:
    if code == _UNKNOWN_KEY or (path in tree.keys and path not in tree.marks):
        return tree.key(path)
    if fragment:
        return tree.find(path, fragment)
    return tree.mark(path)


def _as_text(tree: Tree, path: str) -> str:
    """The quoted form of a mapping that stands where a text belongs (`say: Reply: YES`)."""
    from bot.loading.quoting import quoted

    mark = tree.mark(path)
    end = tree.ends.get(path, (mark.line, 0))
    return quoted(tree.written(path)) if end[0] <= mark.line + 1 else ""
