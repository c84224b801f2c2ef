"""The marketers' folder: brands with their flows and transcripts, and all that is wrong in it.

flows/<brand>/brand.yml
flows/<brand>/flows/<flow>.yml
flows/<brand>/transcripts/<name>.txt
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.engine.brand import Brand
from bot.engine.flow import Flow
from bot.loading.brand import BrandRead, content_hash, read_brand
from bot.loading.complaints import Complaint
from bot.loading.publication import Source, read_flow
from bot.loading.tree import Tree

#: Where something is neither of this brand nor of its folder: a file that nobody would read.
_FOLDERS = ("flows", "transcripts", "campaigns", "intents")


@dataclass(frozen=True, slots=True)
class LoadedBrand:
    """A brand with its flows as they compile, what would be published of it, its transcripts.

    `sources` holds the brand and every flow that compiles; `transcripts` texts by file name.
    `trees` are by file name relative to the root, the brand's under its `brand.yml`.
    """

    brand: Brand
    flows: Mapping[str, Flow]
    sources: tuple[Source, ...]
    transcripts: Mapping[str, str] = field(default_factory=dict)
    trees: Mapping[str, Tree] = field(default_factory=dict)
    brand_file: str = ""
    flow_files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Library:
    """Everything in a folder of flows. `files` are the texts that complaints point into."""

    brands: Mapping[str, LoadedBrand]
    complaints: tuple[Complaint, ...]
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def load_folder(root: Path) -> Library:
    """Load `flows/`, or one brand's folder when `root` holds a `brand.yml` itself.

    Raises FileNotFoundError when there is no such folder; whatever is wrong inside is a complaint.
    """
    if not root.is_dir():
        raise FileNotFoundError(root)
    folders = [root] if (root / "brand.yml").is_file() else _brand_folders(root)
    base = root if root not in folders else root.parent
    brands: dict[str, LoadedBrand] = {}
    complaints: list[Complaint] = []
    files: dict[str, tuple[str, ...]] = {}
    if not folders:
        complaints.append(Complaint(root.name, 1, 1, "B018", params={"folder": root.name}))
    for folder in folders:
        loaded = _Loading(folder, base)
        brand = loaded.load()
        complaints += loaded.complaints
        files |= loaded.files
        if brand is not None:
            brands[brand.brand.name] = brand
    return Library(brands, tuple(complaints), files)


def _brand_folders(root: Path) -> list[Path]:
    return [
        folder
        for folder in sorted(root.iterdir())
        if folder.is_dir() and not folder.name.startswith((".", "_"))
    ]


class _Loading:
    """One brand's folder on its way."""

    def __init__(self, folder: Path, base: Path) -> None:
        self.folder = folder
        self.base = base
        self.complaints: list[Complaint] = []
        self.files: dict[str, tuple[str, ...]] = {}
        self.trees: dict[str, Tree] = {}

    def load(self) -> LoadedBrand | None:
        """The brand, or None when its `brand.yml` gives none."""
        read = self._brand()
        if read is None or read.brand is None:
            return None
        brand = read.brand
        sources = [self._source("brand", brand, brand.name, read.tree)]
        flows: dict[str, Flow] = {}
        flow_files: dict[str, str] = {}
        for path in self._yaml_files("flows"):
            found = read_flow(path.read_bytes(), self._name(path), brand, path.stem)
            self._keep(found.tree, found.complaints)
            if found.flow is not None:
                flows[found.flow.name] = found.flow
                flow_files[found.flow.name] = found.tree.file
                sources.append(self._source("flow", brand, found.flow.name, found.tree))
        return LoadedBrand(
            brand=brand,
            flows=flows,
            sources=tuple(sources),
            transcripts=self._transcripts(),
            trees=self.trees,
            brand_file=read.tree.file,
            flow_files=flow_files,
        )

    def _brand(self) -> BrandRead | None:
        path = self.folder / "brand.yml"
        if not path.is_file():
            params = {"folder": self.folder.name}
            self.complaints.append(Complaint(self._name(path), 1, 1, "B018", params=params))
            return None
        read = read_brand(path.read_bytes(), self._name(path), self.folder.name)
        self._keep(read.tree, read.complaints)
        return read

    def _yaml_files(self, kind: str) -> list[Path]:
        folder = self.folder / kind
        if not folder.is_dir():
            return []
        for path in sorted(folder.glob("*.yaml")):
            params = {"found": path.name, "name": f"{path.stem}.yml"}
            self.complaints.append(Complaint(self._name(path), 1, 1, "B019", params=params))
        return sorted(folder.glob("*.yml"))

    def _transcripts(self) -> dict[str, str]:
        folder = self.folder / "transcripts"
        found = {}
        for path in sorted(folder.glob("*.txt")) if folder.is_dir() else ():
            text = path.read_bytes().decode("utf-8", "replace")
            found[path.name] = text
            self.files[self._name(path)] = tuple(text.splitlines())
        return found

    def _keep(self, tree: Tree, complaints: tuple[Complaint, ...]) -> None:
        self.trees[tree.file] = tree
        self.files[tree.file] = tree.lines
        self.complaints += complaints

    def _source(self, kind: str, brand: Brand, name: str, tree: Tree) -> Source:
        text = "\n".join(tree.lines)
        return Source(kind, brand.name, name, text, content_hash(text), tree.file)

    def _name(self, path: Path) -> str:
        """How complaints name a file: from the folder that was asked for, with forward slashes."""
        return f"{self.base.name}/{path.relative_to(self.base).as_posix()}"
