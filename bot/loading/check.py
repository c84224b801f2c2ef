"""Everything that can be proved of a folder of flows before anybody is texted.

YAML, shapes, names, the graph of each flow, consent and cost: all complaints at once, each with its
place, errors first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.engine.flow import Mark
from bot.engine.lint import Found, Lint, LintContext, Measured, lints
from bot.loading.complaints import Complaint, Severity, in_order
from bot.loading.folder import Library, LoadedBrand, load_folder
from bot.loading.formats import Format, render
from bot.loading.locating import complain
from bot.loading.tree import Tree
from bot.understanding.folding import fold
from compliance import hearing

CLEAN, FINDINGS, COULD_NOT_RUN = 0, 1, 2

_SPOKEN = re.compile(r"^[^\W\d_][\w' -]*?\s?:\s*(.*)$")
_NAMED = re.compile(r"\bflow ([a-z][a-z0-9_]*)")


@lru_cache(maxsize=4096)
def is_reserved(text: str) -> bool:
    """Whether compliance hears this text, alone, before any flow does."""
    return hearing.reserved(text) is not None


def check(
    root: Path,
    *,
    real_carrier: bool = False,
    reserved: Callable[[str], bool] = is_reserved,
    near_reserved: Callable[[str], str | None] = hearing.near_reserved,
    measure: Callable[[str], Measured] | None = None,
) -> list[Complaint]:
    """All complaints about a folder, errors first, each once.

    `measure` counts the parts of a text (`bot.sending.parts.measure`); without it lengths are not
    looked at. Raises FileNotFoundError when there is no such folder.
    """
    library = load_folder(root)
    return check_library(
        library,
        real_carrier=real_carrier,
        reserved=reserved,
        near_reserved=near_reserved,
        measure=measure,
    )


def check_library(
    library: Library,
    *,
    real_carrier: bool = False,
    reserved: Callable[[str], bool] = is_reserved,
    near_reserved: Callable[[str], str | None] = hearing.near_reserved,
    measure: Callable[[str], Measured] | None = None,
) -> list[Complaint]:
    """The same for a folder that has been loaded already."""
    complaints = list(library.complaints)
    for loaded in library.brands.values():
        context = LintContext(
            brand=loaded.brand,
            flows=loaded.flows,
            reserved=reserved,
            near_reserved=near_reserved,
            measure=measure,
            real_carrier=real_carrier,
            transcribed=transcribed(loaded),
        )
        complaints += lint(loaded, context)
    return in_order(complaints)


def lint(loaded: LoadedBrand, context: LintContext) -> Iterator[Complaint]:
    """What the lints find in a brand, each at its place in its file."""
    for rule in lints().values():
        for found in rule.look(context):
            yield _placed(loaded, rule, found)


def _placed(loaded: LoadedBrand, rule: Lint, found: Found) -> Complaint:
    file = loaded.brand_file if found.flow is None else loaded.flow_files[found.flow]
    tree = loaded.trees[file]
    path, fragment = _leaf(tree, found)
    severity = Severity(rule.severity)
    return complain(tree, path, rule.code, found.params, severity, fragment)


def _leaf(tree: Tree, found: Found) -> tuple[str, str]:
    """The scalar that is the fragment, where one of the node's own is exactly that.

    `keywords: [LUNCH CLUB, LUNCH]`: the second is meant, not the beginning of the first.
    """
    if found.fragment:
        inside = f"{found.path}."
        for path, mark in tree.marks.items():
            if path.startswith(inside) and _scalar_at(tree, path, mark) == found.fragment:
                return path, ""
    return found.path, found.fragment


def _scalar_at(tree: Tree, path: str, mark: Mark) -> str:
    end_line, end_column = tree.ends[path]
    if end_line != mark.line or mark.line > len(tree.lines):
        return ""
    return tree.lines[mark.line - 1][mark.column - 1 : end_column].strip("\"'")


def transcribed(loaded: LoadedBrand) -> frozenset[str]:
    """The flows that some transcript names, is named after, or begins by one of their keywords."""
    said: set[str] = set()
    for name, text in loaded.transcripts.items():
        said.update(_NAMED.findall(text))
        said.add(name.removesuffix(".txt"))
        spoken = (_SPOKEN.match(line) for line in text.splitlines())
        said.update(f" {fold(match[1])}" for match in spoken if match)
    stems = {name.removesuffix(".txt") for name in loaded.transcripts}
    return frozenset(
        flow.name
        for flow in loaded.flows.values()
        if flow.name in said
        or any(stem.startswith(f"{flow.name}_") for stem in stems)
        or any(f" {fold(word)}" in said for word in flow.start.keywords)
    )


@dataclass(frozen=True, slots=True)
class Options:
    """What `parley check` was asked. `brand` narrows to one brand's folder under `root`."""

    root: Path
    brand: str | None = None
    format: Format = Format.text
    language: str = "en"
    real_carrier: bool = False
    warnings: bool = True


def run_check(
    options: Options,
    *,
    measure: Callable[[str], Measured] | None = None,
    also: Callable[[Library], Sequence[Complaint]] = lambda _library: (),
) -> tuple[str, int]:
    """The output of `parley check` and its exit code: 0 clean, 1 errors, 2 could not run.

    `also` adds what other rooms complain of in the same folder (transcripts that cannot be read).
    """
    root = options.root / options.brand if options.brand else options.root
    try:
        library = load_folder(root)
    except OSError as error:
        found = Complaint(str(root), 1, 1, "B020", params={"why": error.strerror or str(error)})
        return render([found], {}, options.format, options.language), COULD_NOT_RUN
    complaints = check_library(library, real_carrier=options.real_carrier, measure=measure)
    complaints = in_order([*complaints, *also(library)])
    if not options.warnings:
        complaints = [found for found in complaints if found.severity is Severity.error]
    errors = any(found.severity is Severity.error for found in complaints)
    output = render(complaints, library.files, options.format, options.language)
    return output, FINDINGS if errors else CLEAN
