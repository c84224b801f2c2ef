"""From the folder to published rows: what checks clean goes live, what does not keeps its old self.

With `FLOWS_AUTOPUBLISH=1` every turn looks whether a file was saved since (a few `stat` calls); in
production `parley publish` and the `release` process do it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from bot.loading.check import check_library
from bot.loading.complaints import Complaint, Severity
from bot.loading.folder import Library as Folder
from bot.loading.folder import load_folder
from bot.sending.parts import measure
from bot.store.publications import Published, publish
from bot.turns.app import App

Signature = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What publishing came to: names that changed, all complaints, names kept as they were."""

    changed: tuple[str, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Complaint, ...]:
        """The complaints that keep a file from being published."""
        return tuple(one for one in self.complaints if one.severity is Severity.error)


def publish_folder(app: App, root: Path, *, by: str) -> Outcome:
    """Check a folder and publish every file of it that is clean.

    A file with an error keeps the version that runs; a file that is gone is retired. Raises
    FileNotFoundError when there is no such folder.
    """
    folder = load_folder(root)
    complaints = check_library(folder, real_carrier=not app.settings.simulated, measure=measure)
    broken = {one.file for one in complaints if one.severity is Severity.error}
    sources, kept = _publishable(folder, root, broken)
    now = app.clock()
    changed: list[str] = []
    if sources:
        changed = app.db.write(
            lambda conn: publish(conn, sources, now=now, by=by, new_id=app.ids, keep=kept)
        )
    names = tuple(sorted(f"{brand}/{name}" for brand, _kind, name in kept))
    return Outcome(tuple(changed), tuple(complaints), names)


def _publishable(
    folder: Folder, root: Path, broken: set[str]
) -> tuple[list[Published], set[tuple[str, str, str]]]:
    clean: list[Published] = []
    kept: set[tuple[str, str, str]] = set()
    for brand, loaded in folder.brands.items():
        if loaded.brand_file in broken:
            # Flows are compiled with their brand: with a broken one, all of it stays as it runs.
            continue
        for source in loaded.sources:
            if source.file in broken:
                kept.add((brand, source.kind, source.name))
            else:
                clean.append(
                    Published(brand, source.kind, source.name, source.hash, source.text, True)
                )
        own = root if (root / "brand.yml").is_file() else root / brand
        published = {one.name for one in clean if one.brand == brand and one.kind == "flow"}
        for path in (own / "flows").glob("*.y*ml"):
            if path.stem not in published:
                kept.add((brand, "flow", path.stem))
    return clean, kept


@dataclass(slots=True)
class Watch:
    """Notices that a file of the folder was saved; the newest outcome stays for the pages."""

    root: Path
    seen: Signature = ()
    outcome: Outcome = field(default_factory=Outcome)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, app: App) -> Outcome:
        """Publish when something was saved since the last look."""
        now = signature(self.root)
        if now == self.seen:
            return self.outcome
        with self.lock:
            if now != self.seen:
                self.outcome = publish_folder(app, self.root, by="autopublish")
                self.seen = now
                _tell_carrier(app)
        return self.outcome


def _tell_carrier(app: App) -> None:
    """The simulated carrier plays each sender as it is: some kinds answer STOP by themselves."""
    if app.customer is None:
        return
    senders = [sender for brand in app.brands().values() for sender in brand.senders]
    app.customer.know_senders(
        {one.number: {"preset": one.preset or "short_code"} for one in senders}
    )


def signature(root: Path) -> Signature:
    """Names, times and sizes of the files that can be published."""
    found = []
    for path in (*root.glob("*/brand.yml"), *root.glob("*/flows/*.y*ml")):
        try:
            stat = path.stat()
        except OSError:
            continue
        found.append((str(path), stat.st_mtime_ns, stat.st_size))
    return tuple(sorted(found))
