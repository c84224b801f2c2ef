"""The traps of YAML: what a marketer typed is what comes out, or a complaint says what to write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.loading import tree
from bot.loading.tree import MAX_BYTES, read

HAZARDS = [
    tuple(line.split("\t")[:3])
    for line in (Path(__file__).parent / "data" / "yaml_hazards.tsv")
    .read_text("utf-8")
    .splitlines()[1:]
]
#: What the author of each fragment meant, as the advice has to say it.
ADVICE = {
    "- TEXT WIN #1 now": '"TEXT WIN #1 now"',
    "- Reply: YES to join": '"Reply: YES to join"',
    "- {name}, hi": '"{name}, hi"',
    '- "50%" off': "'\"50%\" off'",
    "- %off": '"%off"',
    "- @store": '"@store"',
    "- *star": '"*star"',
    "- &co": '"&co"',
    "- !win": '"!win"',
    "- [A] or [B]": '"[A] or [B]"',
    "- `hi`": '"`hi`"',
    "- hi:": '"hi:"',
    "- - dash": '"- dash"',
    "- ? help": '"? help"',
    "- | pipe": '"| pipe"',
    "- > quote": '"> quote"',
    "- 'Don't'": '"Don\'t"',
    "{say: Still hungry? Reply 1}": '"Still hungry? Reply 1"',
    "{say: hello, world}": '"hello, world"',
    "{say: a: b}": '"a: b"',
    "\\tA: b": "  A: b",
    "stop: a\\nstop: b": "",
    '1: a\\n"1": b': "",
}


def unescape(fragment: str) -> str:
    return fragment.replace("\\n", "\n").replace("\\t", "\t")


@pytest.fixture(params=["libyaml", "pure"])
def parser(request, monkeypatch):
    """Both parsers of PyYAML: the answer must not hang on how it was built."""
    if request.param == "pure":
        monkeypatch.setattr(tree, "LOADER", yaml.SafeLoader)


def test_the_table_holds_48_fragments():
    assert len(HAZARDS) == 48


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("fragment", "expect", "meant"), HAZARDS)
def test_each_hazard_is_the_meant_text_or_a_complaint_with_the_form_to_write(
    fragment, expect, meant
):
    found = read(unescape(fragment), "f.yml")
    if expect == "text":
        wanted = json.loads(meant)
        assert found.data == ([wanted] if isinstance(wanted, str) else wanted)
        assert found.complaints == ()
    else:
        assert len(found.complaints) == 1
        complaint = found.complaints[0]
        assert complaint.write == ADVICE[fragment]
        assert 1 <= complaint.line <= 2
        assert ADVICE[fragment] in complaint.render("en")


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    "fragment", [one for one, form in ADVICE.items() if form.startswith(('"', "'"))]
)
def test_what_the_advice_says_reads_as_the_text_that_was_meant(fragment):
    written = ADVICE[fragment]
    again = read(f"- {written}", "f.yml")
    assert again.complaints == ()
    assert isinstance(again.data, list)
    assert again.data[0] == yaml.safe_load(written)


BROKEN = """flow: x
purpose: marketing   # a comment
steps:
  - say: {name}, hi
    id: a # one word and a comment
  - say: Note: we close #1
  - ask: "He said "hi" to me"
    answer:
      choice: {veg: [%off, b], c: d}
      other: {a: [LUNCH #1, b], c: d}
  - say: 'Don't
\tthen: a
  - say: "open
    then: b
  - say: hello
      then: c
  - say: |
      line one # not a cut
      line two: yes
  - say: {name}
  - say: Call us # 24/7
  - say: "TEXT WIN" #1 now
  - say: "50\\% off"
  - say: hello
world
  - say: {fr: Oui, non, en: "Yes"}
  - wrong: [Note: x, {hand_over: team}]
  - say: [a, b
  - say: end
"""


@pytest.mark.usefixtures("parser")
def test_all_mistakes_of_a_file_come_at_once_with_their_exact_places():
    found = sorted(read(BROKEN, "f.yml").complaints, key=lambda one: one.line)
    assert [(one.line, one.column, one.code, one.write) for one in found] == [
        (4, 10, "Y002", '"{name}, hi"'),
        (6, 10, "Y002", '"Note: we close #1"'),
        (7, 10, "Y003", "'He said \"hi\" to me'"),
        (9, 22, "Y002", '"%off"'),
        (10, 25, "Y004", '"LUNCH #1"'),
        (11, 10, "Y003", '"Don\'t"'),
        (12, 1, "Y010", "    then: a"),
        (13, 10, "Y003", '"open"'),
        (16, 7, "Y018", ""),
        (20, 10, "Y002", '"{name}"'),
        (21, 18, "Y004", '"Call us # 24/7"'),
        (22, 21, "Y004", '"TEXT WIN #1 now"'),
        (23, 10, "Y003", "'50\\% off'"),
        (25, 1, "Y018", ""),
        (26, 20, "Y016", '"Oui, non"'),
        (27, 13, "Y005", '"Note: x"'),
        (28, 10, "Y001", "[a, b]"),
    ]


@pytest.mark.usefixtures("parser")
def test_tabs_under_a_key_are_one_complaint_and_the_form_to_write_fits():
    text = "steps:\n  - say:\n\t\tfr: Bonjour\n      en: Hello\n  - end: done\n"
    (found,) = read(text, "f.yml").complaints
    assert (found.line, found.column, found.code) == (3, 1, "Y010")
    assert found.write == "      fr: Bonjour"
    mended = text.replace("\t\tfr: Bonjour", found.write)
    assert read(mended, "f.yml").complaints == ()


def test_a_broken_file_is_read_on_behind_its_mistakes():
    data = read(BROKEN, "f.yml").data
    assert isinstance(data, dict)
    said = [step.get("say") for step in data["steps"]]
    assert said[0] == "{name}, hi"
    assert said[-1] == "end"


def test_every_node_knows_its_line_and_column():
    found = read('steps:\n  - say: Hello\n    to: ["a", é, b]\n', "f.yml")
    assert (found.mark("steps.0.say").line, found.mark("steps.0.say").column) == (2, 10)
    assert (found.mark("steps.0.to.2").line, found.mark("steps.0.to.2").column) == (3, 18)
    assert (found.key("steps.0.to").line, found.key("steps.0.to").column) == (3, 5)
    assert found.mark("steps.0.to.2.nothing").column == 18


def test_a_fragment_is_found_inside_the_text_it_stands_in():
    found = read("- say: |\n    one\n    two {name}\n- say: é {x} {x}\n", "f.yml")
    place = found.find("0.say", "{name}")
    assert (place.line, place.column) == (3, 9)
    assert found.find("1.say", "{x}").column == 10


def test_block_texts_are_texts_without_the_last_line_break():
    found = read("a: |\n  one\n  two\nb: >\n  one\n  two # three\n", "f.yml")
    assert found.data == {"a": "one\ntwo", "b": "one two # three"}
    assert found.complaints == ()


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("a: &x 1\n", "Y007"),
        ("a: *x\n", "Y007"),
        ("a: !!int 1\n", "Y007"),
        ("<<: {a: b}\n", "Y007"),
        ("a:\n", "Y008"),
        ("a: 1\n---\nb: 2\n", "Y014"),
        ("%YAML 1.2\n---\na: 1\n", "Y014"),
        ("? [a]\n: b\n", "Y002"),
        ("", "Y017"),
        ("# only a comment\n", "Y017"),
        ("a: \x07\n", "Y013"),
        (b"a: \xe9\n", "Y013"),
        ("a: " + "[" * 30 + "]" * 30, "Y012"),
        ("a: " + "b" * MAX_BYTES, "Y011"),
        ("a: b\u2028c\n", "Y013"),
    ],
)
def test_what_flows_do_not_use_is_refused(source, code):
    found = read(source, "f.yml")
    assert [one.code for one in found.complaints][:1] == [code]


def test_a_byte_order_mark_and_windows_line_ends_change_nothing():
    plain = read("a: 1\nb: [x, y]\n", "f.yml")
    windows = read("\ufeffa: 1\r\nb: [x, y]\r\n", "f.yml")
    assert windows.data == plain.data
    assert windows.marks == plain.marks


def test_only_a_sharp_that_looks_like_a_comment_is_one():
    for fine in ("a: b # c", "a: b c  # d", "a: b#c", "a: [b, c] # d", "# x\na: b"):
        assert read(fine, "f.yml").complaints == (), fine
    for cut in ("a: b #c", "a: b c # d", "a: 'b' #c", "- #1 pizza"):
        assert [one.code for one in read(cut, "f.yml").complaints] == ["Y004"], cut


YAMLISH = st.text(st.sampled_from(list("ab1 :-#{}[]\"'|>&*!%@`?,\n\t~=<\\é")), max_size=120)


@settings(max_examples=400, deadline=None)
@given(st.one_of(YAMLISH, st.text(max_size=200)))
@example("\ud800")
@example("a: \x00")
@example("\n".join(["- {a"] * 40))
@example("'" * 50)
@example("? ? ? ?")
@example("- - - - {[")
def test_no_text_makes_the_loader_raise(text):
    for loader in (yaml.CSafeLoader, yaml.SafeLoader):
        kept, tree.LOADER = tree.LOADER, loader
        try:
            found = read(text, "f.yml")
        finally:
            tree.LOADER = kept
        assert found.data is not None or found.complaints
        for one in found.complaints:
            assert one.line >= 1
            assert one.column >= 1
            assert one.render("fr").startswith(f"f.yml:{one.line}:{one.column} {one.code} ")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=100))
def test_no_bytes_make_the_loader_raise(raw):
    read(raw, "f.yml")


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2000, exclude_characters="\x7f"))
    .map(lambda text: " ".join(text.split()))
    .filter(lambda text: bool(text) and text.isprintable())
)
def test_a_text_in_the_quotes_we_advise_comes_out_unchanged(text):
    from bot.loading.quoting import quoted

    found = read(f"- {quoted(text)}\n", "f.yml")
    assert found.data == [text]
    assert found.complaints == ()


def test_a_long_line_of_blanks_or_brackets_costs_no_time():
    for source in ("a: " + " " * 200_000 + "b: c", "{" * 100_000, "a: '" + "'x" * 60_000):
        read(source, "f.yml")
