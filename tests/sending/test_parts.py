"""Parts and encoding, against the answers of npm's sms-segments-calculator."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sending.parts import Parts, measure

HERE = Path(__file__).parent
TABLE = json.loads((HERE / "data" / "segments.json").read_text("utf-8"))
# Beside the table the calculator itself is asked, where somebody has installed it here.
INSTALLED = (HERE / "node_modules" / "sms-segments-calculator").exists()


def differences(rows: list[dict[str, Any]]) -> list[tuple[dict[str, Any], Parts]]:
    found = []
    for row in rows:
        ours = measure(row["text"])
        if (ours.encoding, ours.units, ours.parts) != (row["encoding"], row["units"], row["parts"]):
            found.append((row, ours))
    return found


def test_every_text_of_the_table_is_counted_as_the_calculator_counts_it() -> None:
    assert len(TABLE) >= 300
    assert differences(TABLE) == []


if INSTALLED:

    @pytest.mark.parametrize("seed", range(3))
    def test_the_installed_calculator_agrees_on_texts_made_up_now(seed: int) -> None:
        chance = random.Random(seed)
        pool = [
            *sorted({char for row in TABLE for char in row["text"]}),
            "👩\u200d🍳",
            "🇫🇷",
            "❤️",
            "é",
        ]
        pool += ["👩\u200d🍳", "🇫🇷", "❤️", "é"]
        texts = [
            "".join(chance.choice(pool) for _ in range(chance.randrange(500))) for _ in range(150)
        ]
        done = subprocess.run(
            [str(shutil.which("node")), "make_segments.mjs", "-"],
            cwd=HERE,
            input=json.dumps(texts),
            capture_output=True,
            text=True,
            check=True,
        )
        assert differences(json.loads(done.stdout)) == []


@pytest.mark.parametrize(
    ("text", "parts", "room"),
    [
        ("", 1, 160),
        ("a" * 160, 1, 0),
        ("a" * 161, 2, 145),
        ("a" * 306, 2, 0),
        ("a" * 152 + "€" + "a" * 10, 2, 141),  # the euro's two units stay together
        ("ê" * 70, 1, 0),
        ("ê" * 71, 2, 63),
        ("ê" * 66 + "🙂" + "ê" * 5, 2, 60),  # and so does a surrogate pair
    ],
)
def test_room_is_what_still_fits_into_the_last_part(text: str, parts: int, room: int) -> None:
    assert (measure(text).parts, measure(text).room) == (parts, room)


@pytest.mark.parametrize(
    ("char", "twin"),
    [
        ("ê", "e"), ("ç", "c"), ("’", "'"), ("œ", "oe"), ("\u00a0", " "), ("\u202f", " "),
        ("…", "..."), ("«", '"'), ("–", "-"), ("🙂", None), ("漢", None),
    ],
)  # fmt: skip
def test_a_character_outside_gsm_is_named_with_its_plain_twin(char: str, twin: str | None) -> None:
    assert measure(f"a{char}b{char}").offenders == ((char, twin),)


def test_offenders_come_in_order_of_appearance() -> None:
    assert [char for char, _twin in measure("Reçu à l’hôtel, où ça ?").offenders] == ["ç", "’", "ô"]


@given(st.text(max_size=400))
def test_any_text_is_measured_and_its_parts_hold_it(text: str) -> None:
    found = measure(text)
    single, many = (160, 153) if found.encoding == "GSM-7" else (70, 67)
    assert found.parts >= 1
    assert 0 <= found.room <= (single if found.parts == 1 else many)
    assert found.units <= (single if found.parts == 1 else found.parts * many)
    assert (found.encoding == "GSM-7") == (found.offenders == ())


@given(st.text(alphabet=st.sampled_from("abc €ê🙂\u0301\u200d🇫"), max_size=300))
def test_a_text_never_takes_fewer_parts_when_something_is_added(text: str) -> None:
    assert measure(text + "a").parts >= measure(text).parts


@given(st.text(max_size=60))
def test_lone_surrogates_and_controls_never_raise(text: str) -> None:
    measure("\ud83d" + text + "\udc00\x00")
