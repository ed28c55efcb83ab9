"""No value that somebody sends to a page of the money makes it fall over, the books wrong, or reaches others' rows."""

import logging
import re
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.db import transaction

from commissions.ledger.models import Transfer
from commissions.verification import faults
from prm.accounts import stepup
from prm.tenancy.links import tenant_path
from prm.tenancy.scope import tenant_scope
from tests.architecture.test_isolation import House, Stage, declarations, house
from tests.builders.objects import BUILDERS
from tests.builders.payouts import IBAN_IRELAND
from tests.commissions.foreign_ids import OTHERS, Others, usual_choice
from tests.commissions.poisons import POISONS, held_by, reading

__all__ = ["house"]

NAMES = sorted(name for name in declarations() if name.startswith("commissions:"))
# The payment that tests/builders/payouts.py invents was never booked: what settles it takes out what never went in.
INVENTED = {"in payout is what is under way"}
# How many fields get a value while the others hold what they would, and how often all get one at once.
ALONE, TOGETHER = 3, {"GET": 1, "POST": 2}
# Rows of one kind are read by one code: the second is like the first.
FURTHER = re.compile(r"[-_][2-9](\b|_)|_currency$")
# What people type that nobody may read afterwards: not in a row, not in a log line of any level.
SECRETS = {"iban": IBAN_IRELAND, "number": IBAN_IRELAND, "codes": "GIFT-CANARY-7Q"}
TAX_NUMBER = "IE6433435F"
KEEPS = {
    "commissions:gift-codes",
    "commissions:partner-payout-details",
    "commissions:payout-details-change",
    "commissions:payout-source",
    "commissions:tax-send",
}
PARTNERS_PEOPLE = {"rep", "partner_admin"}


def _just_signed_in(*_: Any) -> list[dict[str, Any]]:
    return [{"method": "mfa", "at": time.time()}]


class Lines(logging.Handler):
    """Every log line of every level while it is entered, but for the statements sent to the database."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("django.db"):
            self.lines.append(f"{record.getMessage()} {record.args} {record.exc_info}")

    def __enter__(self) -> None:
        self.level_before = logging.getLogger().level
        logging.getLogger().addHandler(self)
        logging.getLogger().setLevel(logging.NOTSET)

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)
        logging.getLogger().setLevel(self.level_before)


@dataclass
class Page:
    """One page, whoever may use it, and what went wrong there."""

    name: str
    house: House
    stage: Stage
    turn: int
    others: Others
    wrong: list[str] = field(default_factory=list)
    fields: dict[str, forms.Field] = field(default_factory=dict)
    kept_secret: bool = False

    def __post_init__(self) -> None:
        self.block = declarations()[self.name]
        kinds = dict(self.block.get("kwargs", {}))
        kwargs = {key: self.stage.object("own", kind) for key, kind in kinds.items()}
        self.path = tenant_path(self.stage.world.acme, self.name, **kwargs)
        self.booked = self._booked()
        # Pages that begin with a choice are asked with it made.
        with tenant_scope(self.stage.world.acme.id):
            program = BUILDERS["program"](self.stage.casts["own"])
        self.chosen = {"partner": str(self.stage.casts["own"].partner.id), "program": str(program)}
        self.choice = f"?{urlencode(self.chosen)}"

    def sent(
        self, method: str, data: dict[str, Any], look: Callable[[Any], None] | None = None
    ) -> Any:
        """Send one request, hold the books against themselves where it moved money, look, and undo it."""
        client = self.house.client
        client.cookies.clear()
        person = self.block[method][-1]
        client.cookies[settings.SESSION_COOKIE_NAME] = self.house.sessions[person]
        unsound: set[str] = set()
        with transaction.atomic():
            if method == "GET":
                response = client.get(self.path, data)
            else:
                response = client.post(f"{self.path}{self.choice}", data)
            if getattr(response, "streaming", False):
                b"".join(response.streaming_content)  # type: ignore[attr-defined]
            if method == "POST" and self._booked() != self.booked:
                unsound = self._unsound()
            if look:
                look(response)
            transaction.set_rollback(True)
        if response.status_code >= 500:
            self.wrong.append(f"{self.name} {method} {_short(data)}: {response.status_code}")
        if unsound and (news := unsound - self._unsound() - INVENTED):
            self.wrong.append(f"{self.name} {method} {_short(data)}: {sorted(news)}")
        return response

    def _booked(self) -> int:
        with tenant_scope(self.stage.world.acme.id):
            return Transfer.objects.count()

    def _unsound(self) -> set[str]:
        with tenant_scope(self.stage.world.acme.id):
            return {fault.check for fault in faults()}

    def filled(self, method: str) -> tuple[dict[str, Any], set[str]]:
        """Return what the page would most likely take, and the names of all that it reads."""
        known = {**self.chosen, "iban": IBAN_IRELAND, "number": IBAN_IRELAND}
        data: dict[str, Any] = {}
        if method == "POST" and self.block[method][-1] in self.block.get("GET", []):
            page = self.sent(
                "GET", {name: known[name] for name in ("partner", "program")}
            ).content.decode(errors="replace")
            held, buttons = held_by(page)
            data = {**held, **{name: values[-1] for name, values in buttons.items()}}
        for _ in range(2 if method == "POST" else 1):
            # The second time: what is read only once the rest was understood.
            with reading() as read:
                self.sent(method, data)
            self.fields |= read.fields
            blank = [name for name in read.names if data.get(name, [""]) == [""]]
            data |= {name: known.get(name) or read.likely(name) for name in blank}
        return data, read.names

    def poisoned(self, method: str) -> None:
        """Fill every field of the page with what nobody should type, one at a time and all at once."""
        data, read = self.filled(method)
        names = sorted(name for name in read if not FURTHER.search(name))
        if method == "POST":
            start = self.turn % max(len(names), 1)
            for place, name in enumerate((names[start:] + names[:start])[:ALONE]):
                self.sent(method, data | {name: self._poison(place)})
            self.pointed_elsewhere(data)
            self.told(data)
        for number in range(TOGETHER[method] if names else 0):
            poisons = {name: self._poison(number + place) for place, name in enumerate(names)}
            self.sent(method, data | poisons)

    def pointed_elsewhere(self, data: dict[str, Any]) -> None:
        """Put the id of a row of another vendor, or for a partner's people of another partner, behind each of ours."""
        partners = self.block["POST"][-1] in PARTNERS_PEOPLE
        for name, held in data.items():
            ours = held if isinstance(held, list) else [held]
            asks = self.fields.get(name)
            value = str(ours[-1] if ours and ours[-1] else usual_choice(asks))
            for owner in OTHERS if partners else ("foreign",):
                for table, theirs in self.others.instead_of(name, value, asks, owner):
                    self._pointed(name, [*ours, str(theirs)], data, owner, table)
        for owner, before in self.others.before.items():
            if self.others.rows(owner) != before:
                self.wrong.append(f"{self.name}: rows of {owner} changed")

    def _pointed(
        self, name: str, values: list[str], data: dict[str, Any], owner: str, table: str
    ) -> None:
        what = f"{self.name} {name}={table} of {owner}"
        known = self.others.mentions(values[-1]) if owner == "rival" else 0

        def look(response: Any) -> None:
            if response.status_code < 400 and self.others.mentions(values[-1]) > known:
                self.wrong.append(f"{what}: written down")
            if OTHERS[owner].encode() in response.content:
                self.wrong.append(f"{what}: shown")

        choice = self.choice
        if name in self.chosen:
            self.choice = f"?{urlencode({**self.chosen, name: values[-1]})}"
        self.sent("POST", data | {name: values}, look)
        self.choice = choice

    def told(self, data: dict[str, Any]) -> None:
        """Send what is to stay a secret, and look for it in every row and every log line afterwards."""
        # Tax and VAT numbers have a form of their own.
        number = {"number": TAX_NUMBER} if re.search(":(tax|vat)-", self.name) else {}
        typed = {name: value for name, value in {**SECRETS, **number}.items() if name in data}
        logged = Lines()

        def look(response: Any) -> None:
            self.kept_secret = response.status_code < 400
            for secret in typed.values():
                if self.others.mentions(secret):
                    self.wrong.append(f"{self.name}: {secret} is in a row")
                if any(secret in line for line in logged.lines):
                    self.wrong.append(f"{self.name}: {secret} is in the log")

        if typed:
            with logged:
                self.sent("POST", data | typed, look)

    def _poison(self, place: int) -> str:
        return POISONS[(self.turn * 5 + place) % len(POISONS)]


def _short(data: dict[str, Any]) -> str:
    return ", ".join(f"{name}={str(value)[:30]!r}" for name, value in data.items())


def _others(house: House) -> Others:
    """Make what another vendor and another partner have, so that each kind of id has one that is theirs."""
    blocks = [declarations()[name] for name in NAMES]
    of_partners = [block for block in blocks if PARTNERS_PEOPLE & set(block.get("POST", ()))]
    return Others(deepcopy(house.stage)).made(
        {
            "foreign": {kind for block in blocks for kind in block.get("kwargs", {}).values()},
            "rival": {kind for block in of_partners for kind in block.get("kwargs", {}).values()},
        }
    )


def test_no_value_makes_a_page_of_the_money_fall_over_or_reach_what_is_not_ours(
    house: House,
) -> None:
    wrong: list[str] = []
    keeps: set[str] = set()
    with patch.object(stepup, "get_authentication_records", _just_signed_in), transaction.atomic():
        others = _others(house)
        for turn, name in enumerate(NAMES):
            if declarations()[name].get("public"):
                continue
            with transaction.atomic():
                page = Page(name, house, deepcopy(house.stage), turn, others)
                for method in ("GET", "POST"):
                    if method in page.block:
                        page.poisoned(method)
                wrong += page.wrong
                keeps |= {name} if page.kept_secret else set()
                transaction.set_rollback(True)
        transaction.set_rollback(True)

    assert not wrong, "\n".join(wrong)
    assert keeps >= KEEPS
