"""Who the phone in the browser can be: people of fiction, with numbers nobody has.

The ranges are reserved for fiction: France 06 39 98 xx xx (Arcep), United States 555-01xx (NANPA).
Starting somebody afresh gives them another number of the same range: a person's history, and above
all their refusals, are never taken back by a button.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import session

from bot.engine.brand import Brand
from bot.web import page

FICTION = re.compile(r"\+3363998\d{4}|\+1\d{3}55501\d{2}|\+447700900\d{3}|\+3319900\d{4}")


@dataclass(frozen=True, slots=True)
class Sample:
    """Somebody the visitor can be; `key` names them in the form."""

    key: str
    name: str
    number: str

    def label(self) -> str:
        """Ana, 06 39 98 41 07"""
        return f"{self.name}, {page.number_as_people_write(self.number)}"


PEOPLE = (
    Sample("ana", "Ana", "+33639984107"),
    Sample("karim", "Karim", "+33639981280"),
    Sample("james", "James", "+12125550142"),
)


def everybody(brand: Brand) -> list[Sample]:
    """The samples with the numbers they have in this browser, new persons, the brand's staff."""
    numbers = _numbers()
    found = [replace(one, number=numbers.get(one.key, one.number)) for one in PEOPLE]
    for key, number in numbers.items():
        if key.startswith("new"):
            found.append(Sample(key, page.t("phone.new_person", n=key[3:]), number))
    for index, staff in enumerate(brand.staff):
        if FICTION.fullmatch(staff.number):
            name = page.t("phone.staff", name=staff.name)
            found.append(Sample(f"staff{index}", name, staff.number))
    return found


def current(brand: Brand) -> Sample:
    """Who the visitor is now; Ana at first."""
    there = everybody(brand)
    wanted = session.get("person")
    return next((one for one in there if one.key == wanted), there[0])


def become(brand: Brand, key: str) -> None:
    """Be somebody else from now on; `new` makes a person that nobody has met."""
    if key == "new":
        numbers = _numbers()
        key = f"new{1 + sum(name.startswith('new') for name in numbers)}"
        _keep(key, _fresh_number("+3363998"))
    if any(one.key == key for one in everybody(brand)):
        session["person"] = key


def afresh(brand: Brand) -> None:
    """Give who the visitor is another number: the brand has never heard of it."""
    person = current(brand)
    if person.key.startswith("staff"):
        return
    french = not person.number.startswith("+1")
    _keep(person.key, _fresh_number("+3363998" if french else "+121255501"))


def _numbers() -> Mapping[str, str]:
    kept = session.get("numbers")
    return kept if isinstance(kept, dict) else {}


def _keep(key: str, number: str) -> None:
    session["numbers"] = {**_numbers(), key: number}


def _fresh_number(start: str) -> str:
    """A number of a range of fiction, drawn from a new id, so that it is another each time."""
    drawn = int(hashlib.sha256(page.app().ids().encode()).hexdigest(), 16)
    digits = 12 - len(start)
    return f"{start}{drawn % 10**digits:0{digits}d}"
