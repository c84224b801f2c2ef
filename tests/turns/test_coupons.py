"""A staff number redeems a code with a PIN: once, and not by guessing."""

from __future__ import annotations

import json
import threading

import pytest

from bot.store import tables
from bot.turns.inbound import hear_text
from bot.turns.redeeming import pin_fits, pin_hash
from tests.turns.conftest import ANA, LUC, House

PIN = "4817"


@pytest.fixture
def code(house: House) -> str:
    """A code that somebody holds."""
    house.agree()
    (row,) = house.rows(tables.coupon)
    return str(row.code)


def outcomes(house: House) -> list[str]:
    return [row.outcome for row in house.rows(tables.audit, action="redeem")]


def test_a_code_is_used_once(house: House, code: str) -> None:
    (said,) = house.says(f"used {code.lower()} {PIN}", LUC)
    assert code in said
    (row,) = house.rows(tables.coupon)
    assert (row.redeemed_by, row.redeemed_at) == ("staff:Luc", house.clock())
    assert "déjà" in house.says(f"USED {code} {PIN}", LUC)[0]
    assert outcomes(house) == ["used", "used_already"]
    (counted,) = house.events("coupon_redeemed")
    assert counted.person_id == house.person().id


def test_an_unknown_code_is_said_to_be_unknown(house: House) -> None:
    house.says(f"USED NOPE123 {PIN}", LUC)
    assert outcomes(house) == ["unknown"]


def test_somebody_who_is_not_staff_redeems_nothing(house: House, code: str) -> None:
    house.says(f"USED {code} {PIN}", ANA)
    assert outcomes(house) == []
    assert house.rows(tables.coupon)[0].redeemed_at is None


def test_five_wrong_pins_lock_the_number_for_an_hour_from_the_fifth(
    house: House, code: str
) -> None:
    for wrong in range(5):
        house.says(f"USED {code} 000{wrong}", LUC)
        house.clock.forward(minutes=10)
    house.says(f"USED {code} {PIN}", LUC)
    house.clock.forward(minutes=30)
    house.says(f"USED {code} {PIN}", LUC)
    assert outcomes(house) == ["wrong_pin"] * 5 + ["locked"] * 2
    house.clock.forward(minutes=21)
    house.says(f"USED {code} {PIN}", LUC)
    assert outcomes(house)[-1] == "used"


def test_four_wrong_pins_lock_nothing(house: House, code: str) -> None:
    for _ in range(4):
        house.says(f"USED {code}", LUC)
        house.clock.forward(minutes=6)
    house.says(f"USED {code} {PIN}", LUC)
    assert outcomes(house) == ["wrong_pin"] * 4 + ["used"]


def test_no_pin_and_no_code_stands_in_the_audit_log(house: House, code: str) -> None:
    house.says(f"USED {code} 9999", LUC)
    house.says(f"USED {code} {PIN}", LUC)
    written = json.dumps([[str(cell) for cell in row] for row in house.rows(tables.audit)])
    assert "9999" not in written.replace(house.person(LUC).id, "")
    assert PIN not in [row.data.get("pin") for row in house.rows(tables.audit)]
    assert code not in written
    assert all(set(row.data) == {"code"} for row in house.rows(tables.audit))


def test_a_code_that_is_used_twice_at_once_is_used_once(house: House, code: str) -> None:
    house.says("bonjour", LUC)
    texts = [house.inbound(f"USED {code} {PIN}", LUC) for _ in range(4)]
    start = threading.Barrier(4)

    def use(inbound: object) -> None:
        start.wait()
        hear_text(house.app, inbound)  # type: ignore[arg-type]

    threads = [threading.Thread(target=use, args=(one,)) for one in texts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(outcomes(house)) == ["used", "used_already", "used_already", "used_already"]
    assert len(house.events("coupon_redeemed")) == 1


def test_a_pin_is_kept_as_a_salted_hash_and_fits_nothing_else() -> None:
    kept = pin_hash(PIN, b"0" * 16)
    assert PIN not in kept
    assert pin_fits(PIN, kept)
    assert not pin_fits("4818", kept)
    assert not pin_fits(PIN, "md5$x$y")
    assert not pin_fits(PIN, "rubbish")
    assert pin_hash(PIN, b"1" * 16) != kept
