"""The folder as a whole: what is loaded, what is published, how complaints are shown."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.brand import Brand
from bot.engine.flow import Flow
from bot.loading.brand import read_brand
from bot.loading.check import Options, check, run_check
from bot.loading.complaints import Complaint, Severity, in_order
from bot.loading.folder import load_folder
from bot.loading.formats import Format
from bot.loading.publication import (
    SourceRefused,
    compile_brand,
    compile_flow_source,
    content_hash,
    load_source,
    read_flow,
)
from bot.loading.tree import read
from bot.sending.parts import measure

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).parents[1] / "lint" / "cases"
FLOWS = Path(__file__).parents[2] / "flows"


@pytest.fixture
def corner(tmp_path):
    """A brand's folder with one clean flow and one with two mistakes."""
    brand = tmp_path / "flows" / "corner"
    (brand / "flows").mkdir(parents=True)
    base = (CASES / "P008" / "corner" / "brand.yml").read_text("utf-8")
    (brand / "brand.yml").write_text(base, "utf-8")
    head = "flow: {name}\npurpose: service\nstart: {{keywords: [{name}]}}\nsteps:\n"
    (brand / "flows" / "good.yml").write_text(head.format(name="good") + "  - say: Hello.\n")
    (brand / "flows" / "bad.yml").write_text(
        head.format(name="bad") + '  - say: {name}, hi\n  - sya: Hello.\n  - say: "{nme}"\n'
    )
    return tmp_path / "flows"


def test_mistakes_of_yaml_shape_and_meaning_come_together(corner):
    found = check(corner, measure=measure)
    assert [(one.file, one.line, one.column, one.code) for one in found] == [
        ("flows/corner/flows/bad.yml", 5, 10, "Y002"),
        ("flows/corner/flows/bad.yml", 6, 5, "F003"),
        ("flows/corner/flows/bad.yml", 7, 10, "F025"),
        ("flows/corner/flows/good.yml", 1, 7, "P008"),
    ]
    assert "Did you mean say?" in found[1].render("en")
    assert "Vouliez-vous dire say ?" in found[1].render("fr")


def test_what_compiles_can_be_published_and_compiled_again(corner):
    loaded = load_folder(corner).brands["corner"]
    assert [(one.kind, one.name) for one in loaded.sources] == [
        ("brand", "corner"),
        ("flow", "good"),
    ]
    brand_source, flow_source = loaded.sources
    brand = compile_brand("corner", brand_source.text)
    flow = compile_flow_source("good", flow_source.text, brand, version=flow_source.hash)
    assert brand == loaded.brand
    assert flow.version == flow_source.hash == content_hash(flow_source.text)
    assert flow.steps == loaded.flows["good"].steps
    again, complaints = load_source("flow", "good", flow_source.text, brand)
    assert isinstance(again, Flow)
    assert complaints == ()
    assert isinstance(load_source("brand", "corner", brand_source.text)[0], Brand)


def test_a_source_that_no_longer_compiles_says_why(corner):
    brand = load_folder(corner).brands["corner"].brand
    with pytest.raises(SourceRefused) as refused:
        compile_flow_source("good", "flow: good\n", brand)
    assert refused.value.complaints
    assert "F031 Un scénario doit dire pourquoi" in refused.value.message("fr")
    with pytest.raises(SourceRefused):
        compile_brand("corner", "brand: corner\n")


def test_one_brand_can_be_checked_alone(corner):
    whole = check(corner)
    alone = check(corner / "corner")
    assert [one.key for one in alone] == [one.key for one in whole]


def test_exit_codes_tell_clean_errors_and_could_not_run(corner, tmp_path):
    assert run_check(Options(corner), measure=measure)[1] == 1
    (corner / "corner" / "flows" / "bad.yml").unlink()
    output, code = run_check(Options(corner, language="fr"), measure=measure)
    assert code == 0  # a warning alone keeps nothing from being published
    assert "P008 avertissement no-transcript" in output
    output, code = run_check(Options(corner, warnings=False), measure=measure)
    assert (code, output) == (0, "2 files are clean.")
    assert run_check(Options(tmp_path / "none"))[1] == 2


def test_text_shows_the_line_and_a_caret_under_the_place(corner):
    output, _ = run_check(Options(corner), measure=measure)
    lines = output.splitlines()
    assert lines[0] == "flows/corner/flows/bad.yml:5:10 Y002 error"
    assert lines[1] == "     5 |   - say: {name}, hi"
    assert lines[2].index("^") == lines[1].index("{name}")
    assert '      "{name}, hi"' in lines


def test_json_is_one_object_with_every_complaint(corner):
    output, _ = run_check(Options(corner, format=Format.json), measure=measure)
    whole = json.loads(output)
    assert (whole["errors"], whole["warnings"], whole["files"]) == (3, 1, 3)
    first = whole["complaints"][0]
    assert first["write"] == '"{name}, hi"'
    assert first["file"].endswith("bad.yml")
    assert (first["line"], first["column"], first["code"]) == (5, 10, "Y002")


def test_sarif_names_rules_levels_and_regions(corner):
    output, _ = run_check(Options(corner, format=Format.sarif), measure=measure)
    whole = json.loads(output)
    assert whole["version"] == "2.1.0"
    run = whole["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning")
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region["startLine"] >= 1


def test_github_commands_are_one_line_each_and_escaped(corner):
    output, _ = run_check(Options(corner, format=Format.github), measure=measure)
    lines = output.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("::error file=flows/corner/flows/bad.yml,line=5,col=10,title=Y002::")
    assert lines[3].startswith("::warning ")


def test_complaints_are_sorted_and_each_is_told_once():
    one = Complaint("b.yml", 2, 1, "Y006", Severity.error, {"key": "a", "first": "1"})
    warning = replace(one, file="a.yml", severity=Severity.warning)
    assert in_order([warning, one, replace(one)]) == [one, warning]


def test_other_rooms_may_add_their_complaints(corner):
    extra = Complaint("flows/corner/transcripts/x.txt", 1, 1, "T001", params={"found": "?"})
    output, _ = run_check(Options(corner), measure=measure, also=lambda _library: [extra])
    assert "transcripts/x.txt:1:1" in output


def test_a_hundred_flows_are_checked(tmp_path, record_property):
    """Prints how long it takes; the bar is one second, and no wall clock is asserted here."""
    brand = tmp_path / "margot"
    (brand / "flows").mkdir(parents=True)
    (brand / "brand.yml").write_bytes((FLOWS / "margot" / "brand.yml").read_bytes())
    sources = [
        path.read_text("utf-8") for path in sorted((FLOWS / "margot" / "flows").glob("*.yml"))
    ]
    for number in range(100):
        text = sources[number % len(sources)]
        name = f"copy_{number:03}"
        lines = [
            f"flow: {name}" if line.startswith("flow:") else line for line in text.splitlines()
        ]
        (brand / "flows" / f"{name}.yml").write_text("\n".join(lines), "utf-8")
    check(brand, measure=measure)
    began = time.perf_counter()
    found = check(brand, measure=measure)
    took = time.perf_counter() - began
    record_property("seconds_for_100_flows", round(took, 3))
    print(f"100 flows, {len(found)} complaints: {took:.2f} s")
    assert {one.code for one in found} <= {"N002", "P008", "N003"}


SOURCES = [path.read_text("utf-8") for path in sorted((FLOWS / "margot" / "flows").glob("*.yml"))]
SLIPS = st.tuples(
    st.integers(0, 4000), st.integers(0, 8), st.sampled_from(list("\"'{}[]:#-|>&*!%@`, \n\t?\\é0~"))
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SOURCES), st.lists(SLIPS, min_size=1, max_size=4))
def test_a_slip_of_the_keyboard_is_a_complaint_or_still_a_flow_never_an_exception(source, slips):
    brand = read_brand((FLOWS / "margot" / "brand.yml").read_bytes(), "brand.yml").brand
    assert brand is not None
    for at, length, sign in slips:
        source = source[:at] + sign + source[at + length :]
    found = read_flow(source, "f.yml", brand)
    assert found.flow is not None or found.complaints
    lines = len(found.tree.lines)
    for one in found.complaints:
        assert 1 <= one.line <= max(lines, 1)
        assert one.render("fr")


def test_a_slip_in_a_placeholder_that_holds_a_list_is_no_exception():
    tree = read("- {name: [a]}\n- {name: {b: c}}\n- {name}\n", "f.yml")
    assert tree.data == [{"name": ["a"]}, {"name": {"b": "c"}}, "{name}"]


def test_a_nudge_that_a_marketing_flow_borrows_names_the_flow(tmp_path):
    shutil.copytree(ROOT / "flows" / "margot", tmp_path / "flows" / "margot")
    (tmp_path / "flows" / "margot" / "flows" / "lunch.yml").write_text(
        "flow: lunch\npurpose: marketing\nstart: {keywords: [LUNCH]}\nsteps:\n"
        '  - ask: {fr: "Combien ?", en: "How many?"}\n    answer: {integer: {min: 1, max: 9}}\n'
        "  - end: done\n",
        "utf-8",
    )
    found = [one for one in check(tmp_path / "flows", measure=measure) if one.code == "C001"]
    assert [one.file for one in found] == ["flows/margot/brand.yml"] * 2
    assert "The marketing flow lunch borrows this text" in found[0].message("en")
    assert "Le scénario de marketing lunch emprunte ce texte" in found[0].message("fr")
