"""How a transcript is read: what may stand in it, and what is said of what may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.transcripts.parse import parse
from bot.transcripts.script import Clock, Fact, Nothing, Passes, Says, Texts, Then, Transcript

HEAD = "at 2026-03-02 11:58 Europe/Paris, Ana (fr-FR, agreed to marketing)\n"


def read(source: str) -> Transcript:
    found, complaints = parse(source, "x.txt")
    assert not complaints, [one.render("en") for one in complaints]
    assert found is not None
    return found


def codes(source: str) -> list[tuple[int, int, str]]:
    found, complaints = parse(source, "x.txt")
    assert found is None
    return [(one.line, one.column, one.code) for one in complaints]


def test_the_first_line_says_when_where_and_who() -> None:
    found = read(f"# lunch\n{HEAD}Ana: hi")
    assert found.title == "lunch"
    assert found.at_ms == 1772449080000
    assert found.zone == "Europe/Paris"
    ana = found.people["Ana"]
    assert (ana.number, ana.language, ana.country) == ("+33639984107", "fr", "FR")
    assert ana.agreed == ("marketing",)


def test_several_people_and_numbers_of_ones_own() -> None:
    found = read(
        "at 2026-03-02 11:58 Europe/Paris, Ana (fr-FR), Max Le Bon +447700900123 "
        "(en-GB, agreed to marketing and service)\nMax Le Bon: hi"
    )
    assert list(found.people) == ["Ana", "Max Le Bon"]
    assert found.people["Max Le Bon"].agreed == ("marketing", "service")


def test_every_kind_of_line() -> None:
    found = read(
        f"{HEAD}Ana: hi: there\nbot: Hello. ...\nsilence 20 min\nclock 2026-03-03 07:59\n"
        "clock 08:30\nnothing\nthen: consent withdrawn, saved qty=3, 0 messages after"
    )
    assert found.lines == (
        Texts(2, "Ana", "hi: there"),
        Says(3, "Hello. ..."),
        Passes(4, 20 * 60_000, "20 min"),
        Clock(5, 1772521140000, "2026-03-03 07:59"),
        Clock(6, 1772523000000, "08:30"),
        Nothing(7),
        Then(
            8,
            (
                Fact(8, "consent", "consent withdrawn", "", "withdrawn"),
                Fact(8, "saved", "saved qty=3", "qty", "3"),
                Fact(8, "messages after", "0 messages after", "", "0"),
            ),
        ),
    )


def test_a_line_that_begins_with_a_space_goes_on() -> None:
    assert read(f"{HEAD}Ana: one\n  two\n\tthree").lines == (Texts(2, "Ana", "one two three"),)


def test_comments_and_empty_lines_say_nothing() -> None:
    assert len(read(f"# a\n\n{HEAD}# b\n\nAna: hi\n# c\n").lines) == 1


def test_summer_time_is_known() -> None:
    night = read("at 2026-03-29 01:30 Europe/Paris, Ana (fr-FR)\nAna: hi\nsilence 1 h\nclock 03:40")
    clock = night.lines[-1]
    assert isinstance(clock, Clock)
    assert clock.at_ms - night.at_ms == 70 * 60_000  # an hour was left out that night


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("", (1, 1, "T001")),
        ("Ana: hi", (1, 1, "T001")),
        ("at 2026-03-02 11:58 Europe/Pari, Ana (fr-FR)", (1, 21, "T002")),
        ("at 2026-13-02 11:58 Europe/Paris, Ana (fr-FR)", (1, 4, "T003")),
        ("at 2026-03-02 11:58 Europe/Paris, Ana", (1, 35, "T004")),
        ("at 2026-03-02 11:58 Europe/Paris, Ana (fr-FR) Bob (fr-FR)", (1, 47, "T004")),
        ("at 2026-03-02 11:58 Europe/Paris, Zoe (fr-FR)", (1, 35, "T005")),
        ("at 2026-03-02 11:58 Europe/Paris, Ana (fr-FR, agreed to offers)", (1, 45, "T006")),
        ("at 2026-03-02 11:58 Europe/Paris, Ana (fr-FR, likes pizza)", (1, 45, "T006")),
        (f"{HEAD}Ana: hi\nsilence soon", (3, 9, "T007")),
        (f"{HEAD}Ana: hi\nclock 11:57", (3, 7, "T008")),
        (f"{HEAD}Ana: hi\nclock tomorrow", (3, 7, "T003")),
        (f"{HEAD}Ana: hi\nand then", (3, 1, "T009")),
        (f"{HEAD}bot: hi", (1, 1, "T010")),
        (f"{HEAD}Karim: hi", (2, 1, "T011")),
        (f"{HEAD}Ana:", (2, 1, "T012")),
        (f"{HEAD}Ana: hi\nthen: consent given, all well", (3, 22, "T013")),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(
    source: str, found: tuple[int, int, str]
) -> None:
    assert codes(source) == [found]


def test_all_complaints_come_at_once() -> None:
    assert [code for *_, code in codes(f"{HEAD}Karim: hi\nsilence x\nthen: y")] == [
        "T011",
        "T007",
        "T013",
    ]


def test_every_complaint_has_words_and_a_lesson_in_both_languages() -> None:
    from bot.catalogue import entries

    for number in range(1, 14):
        for language in ("en", "fr"):
            assert f"check.T{number:03}" in entries(language)
            assert f"check.T{number:03}.explain" in entries(language)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    for source in (text, HEAD + text):
        found, complaints = parse(source, "x.txt")
        assert (found is None) == bool(complaints)
