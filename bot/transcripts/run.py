"""Runs the transcripts of a folder of flows, one after another, each on a fresh world.

results = run_all([Path("flows")])
print(rendered(results, "en"))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.catalogue import say
from bot.loading.complaints import Complaint
from bot.transcripts.compare import columns
from bot.transcripts.coverage import Coverage, ways
from bot.transcripts.parse import parse
from bot.transcripts.play import Failure, Played, play
from bot.transcripts.script import Transcript

if TYPE_CHECKING:
    from bot.transcripts.world import Stage


@dataclass(slots=True)
class Result:
    """How one file went: complaints when it cannot be read, else how it was played."""

    file: str
    complaints: tuple[Complaint, ...] = ()
    played: Played | None = None
    error: str = ""
    """What broke, when Parley itself did."""

    @property
    def failure(self) -> Failure | None:
        """The line that does not hold."""
        return self.played.failure if self.played else None

    @property
    def holds(self) -> bool:
        return not self.complaints and not self.error and self.failure is None


@dataclass(slots=True)
class Results:
    """All files of a run, and what they covered by `brand/flow`."""

    results: list[Result] = field(default_factory=list)
    coverage: dict[str, Coverage] = field(default_factory=dict)

    @property
    def failed(self) -> list[Result]:
        return [result for result in self.results if not result.holds]


def brand_folder(path: Path) -> Path:
    """The brand that a transcript belongs to: the folder above `transcripts/`."""
    return path.resolve().parent.parent


def found_in(places: Sequence[Path]) -> dict[Path, list[Path]]:
    """The transcripts at these places (files, or folders at any height), by brand folder."""
    found: dict[Path, list[Path]] = {}
    for place in places:
        files = [place] if place.is_file() else sorted(place.glob("**/transcripts/*.txt"))
        if place.is_dir() and place.name == "transcripts":
            files = sorted(place.glob("*.txt"))
        for file in files:
            found.setdefault(brand_folder(file), []).append(file)
    return found


def run_all(places: Sequence[Path], *, through_json: bool = False) -> Results:
    """Run every transcript at these places."""
    done = Results()
    for folder, files in found_in(places).items():
        done.results += run_brand(folder, files, through_json=through_json, into=done)
    return done


def run_brand(
    folder: Path, files: Sequence[Path], *, through_json: bool = False, into: Results | None = None
) -> Iterator[Result]:
    """Run the transcripts of one brand, one result each."""
    from bot.transcripts.coverage import WatchedLibrary
    from bot.transcripts.world import open_stage

    with open_stage(folder) as stage:
        coverage = Coverage()
        stage.app.library = WatchedLibrary(stage.app.db, coverage)
        if into is not None:
            into.coverage[folder.name] = coverage
        for file in files:
            yield run_one(stage, file, through_json=through_json)


def run_one(stage: Stage, file: Path, *, through_json: bool = False) -> Result:
    """Run one transcript on a stage that is open for its brand."""
    transcript, complaints = parse(file.read_text("utf-8"), _shown(file))
    if transcript is None:
        return Result(_shown(file), complaints)
    try:
        played = _played(stage, transcript, through_json)
    except Exception as error:
        # One transcript that breaks Parley is one finding; the others are played all the same.
        return Result(transcript.file, error=f"{type(error).__name__}: {error}")
    return Result(transcript.file, played=played)


def _played(stage: Stage, transcript: Transcript, through_json: bool) -> Played:
    from bot.transcripts.world import RealWorld

    brand = next(iter(stage.library.brands.values())).brand
    people = tuple(transcript.people.values())
    world = RealWorld(stage, brand, people, transcript.at_ms)

    def between() -> None:
        if through_json:
            world.through_json(people)

    return play(transcript, world, between)


def _shown(file: Path) -> str:
    """A file as people name it: from here, when it lies below."""
    try:
        return file.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return file.as_posix()


# What a person reads


def rendered(result: Result, language: str) -> str:
    """What is wrong with one transcript; empty when it holds."""
    if result.error:
        return f"{result.file}: {say('transcripts.raised', language, error=result.error)}"
    if result.complaints:
        return "\n".join(found.render(language) for found in result.complaints)
    played = result.played
    if played is None or played.failure is None:
        return ""
    failure = played.failure
    why = say(
        f"transcripts.{failure.why}", language, expected=failure.expected, found=failure.found
    )
    titles = (say("transcripts.expected", language), say("transcripts.found", language))
    first = say("transcripts.failed", language, file=result.file, line=failure.line, why=why)
    return f"{first}\n\n{columns(played.rows, titles, played.failed_row)}\n"


def rendered_coverage(results: Results, language: str) -> str:
    """Steps and ways reached, flow by flow, and those that nobody reached."""
    lines = [say("transcripts.coverage", language)]
    for brand, coverage in sorted(results.coverage.items()):
        for name, flow in sorted(coverage.flows.items()):
            known, all_ways = coverage.reached[name], ways(flow)
            lines.append(
                say(
                    "transcripts.coverage_line",
                    language,
                    flow=f"{brand}/{name}",
                    steps=len(known.steps & set(flow.steps)),
                    all_steps=len(flow.steps),
                    branches=len(known.ways & set(all_ways)),
                    all_branches=len(all_ways),
                )
            )
            missing = coverage.missing(name)
            if missing:
                words = ", ".join(missing)
                lines.append(say("transcripts.coverage_missing", language, names=words))
    return "\n".join(lines)


def as_json(results: Results) -> dict[str, Any]:
    """The run as plain data."""
    return {
        "transcripts": [
            {
                "file": one.file,
                "holds": one.holds,
                "line": one.failure.line if one.failure else None,
                "why": one.error or (one.failure.why if one.failure else None),
            }
            for one in results.results
        ],
        "coverage": {
            f"{brand}/{name}": {
                "steps": len(coverage.reached[name].steps & set(flow.steps)),
                "all_steps": len(flow.steps),
                "ways": len(coverage.reached[name].ways & set(ways(flow))),
                "all_ways": len(ways(flow)),
                "missing": coverage.missing(name),
            }
            for brand, coverage in sorted(results.coverage.items())
            for name, flow in sorted(coverage.flows.items())
        },
    }
