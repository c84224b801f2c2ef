"""`USED CODE PIN`: someone of the shop redeems a coupon by text. Also behind `parley redeem`.

Five wrong PINs lock the number for an hour; every try stands in the audit log, without the PIN.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence

from bot.channels import Inbound
from bot.engine.brand import Staff
from bot.store.lookups import coupon_of, tries
from bot.turns.app import App
from bot.turns.desk import Desk

_USED = re.compile(r"(?:used|utilis[eé]e?) (\S{3,32}?)(?: (\d{4,12}))? ?[.!]?", re.I)
_LONGEST = 80  # characters; blanks without end would keep the pattern busy
LOCK_MS = 3600 * 1000
TRIES = 5
# Cost of scrypt (RFC 7914): about 50 ms and 16 MiB a try.
_N, _R, _P = 2**14, 8, 1


def pin_hash(pin: str, salt: bytes) -> str:
    """`scrypt$<salt>$<hash>` of a PIN, for `staff` in brand.yml; salt of 16 random bytes."""
    derived = hashlib.scrypt(pin.encode(), salt=salt, n=_N, r=_R, p=_P, dklen=32)
    return "$".join(("scrypt", base64.b64encode(salt).decode(), base64.b64encode(derived).decode()))


def pin_fits(pin: str, kept: str) -> bool:
    """Whether a PIN is the one that was hashed; constant time, false for what is no hash."""
    try:
        kind, salt, derived = kept.split("$")
        wanted = base64.b64decode(derived)
        found = hashlib.scrypt(
            pin.encode(), salt=base64.b64decode(salt), n=_N, r=_R, p=_P, dklen=32
        )
    except ValueError:
        return False
    return kind == "scrypt" and hmac.compare_digest(found, wanted)


def settle(app: App, desk: Desk, inbound: Inbound) -> bool:
    """Redeem when the text says so and comes from a staff number; true when it was that."""
    staff = _staff(desk, inbound.from_number)
    if staff is None:
        return False
    match = _USED.fullmatch(" ".join(inbound.body[:_LONGEST].split()))
    if match is None:
        return False
    code, pin = match[1].upper(), match[2] or ""
    outcome = _outcome(app, desk, staff, code, pin)
    desk.moment.audit(_actor(staff), "redeem", outcome, code=app.vault.mark(code))
    text = desk.moment.brand.texts[f"coupon_{outcome}"].in_language(desk.moment.language)
    desk.moment.say(
        text.replace("{code}", code), desk.moment.origin, purpose="service", confirmation="help"
    )
    return True


def _staff(desk: Desk, number: str) -> Staff | None:
    return next((one for one in desk.moment.brand.staff if one.number == number), None)


def _actor(staff: Staff) -> str:
    return f"staff:{staff.name}"


def _outcome(app: App, desk: Desk, staff: Staff, code: str, pin: str) -> str:
    moment = desk.moment
    since = moment.now - 2 * LOCK_MS
    wrong = app.db.read(
        lambda conn: tries(conn, moment.brand.name, _actor(staff), "redeem", "wrong_pin", since)
    )
    if locked(wrong, moment.now):
        return "locked"
    if not pin_fits(pin, staff.pin_hash):
        return "wrong_pin"
    return redeem(app, desk, code, by=_actor(staff))


def locked(wrong: Sequence[int], now: int) -> bool:
    """Whether wrong PINs at these times (ms, in order) lock a number: an hour from the fifth.

    >>> locked([0, 600_000, 1_200_000, 1_800_000, 2_400_000], now=5_000_000)
    True
    """
    return any(
        fifth - first < LOCK_MS and now < fifth + LOCK_MS
        for first, fifth in zip(wrong, wrong[TRIES - 1 :], strict=False)
    )


def redeem(app: App, desk: Desk, code: str, *, by: str) -> str:
    """Use a code up: `used`, `used_already` or `unknown`. Once, whoever comes at the same time."""
    moment = desk.moment
    row = app.db.read(lambda conn: coupon_of(conn, moment.brand.name, code))
    if row is None:
        return "unknown"
    if row.redeemed_at is not None:
        return "used_already"
    moment.changes.redeemed.append({"id": row.id, "redeemed_at": moment.now, "redeemed_by": by})
    moment.changes.events.append(
        {
            "id": moment.new_id(),
            "brand": moment.brand.name,
            "at": moment.now,
            "kind": "coupon_redeemed",
            "person_id": row.person_id,
            "conversation_id": None,
            "message_id": moment.inbound_id,
            "flow": row.flow,
            "version": None,
            "step": None,
            "data": {"coupon": row.name, "code_id": row.id},
        }
    )
    return "used"
