"""A partner sees when each amount is expected and what blocks it; together the amounts are what the ledger owes."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from commissions.calendar.ics import calendar_text
from commissions.calendar.rules import (
    Clock,
    Expected,
    expected_on,
    pay_day,
    totals_by_currency,
    weeks_of,
)
from commissions.calendar.selectors import expected_money
from commissions.calendar.wording import blocker_words
from commissions.ledger.selectors import partner_balances
from commissions.payouts.models import Payout
from commissions.payouts.services import return_payout
from commissions.payouts.settings import AchHead, save_payout_settings
from commissions.payouts.settings import Clock as RunClock
from partners.directory.models import PartnerState
from prm.accounts import gates
from prm.accounts.capabilities import Role
from prm.accounts.gates import Missing
from prm.accounts.models import Membership
from prm.events.services import Actor
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import an_accrual
from tests.builders.payouts import approved_run, bank_details, exported_run, payable
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_program
from tests.conftest import World

TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("ready_on", "clock", "day"),
    [
        pytest.param(
            TUESDAY, Clock("weekly", 5), date(2026, 11, 30), id="Friday's run, Monday's bank"
        ),
        pytest.param(
            date(2026, 11, 28), Clock("weekly", 5), date(2026, 12, 7), id="missed by a day"
        ),
        pytest.param(date(2026, 12, 2), Clock("monthly", 1), date(2027, 1, 4), id="the next year"),
        pytest.param(TUESDAY, Clock(), None, id="by hand"),
    ],
)
def test_the_bank_pays_after_the_next_run(ready_on: date, clock: Clock, day: date | None) -> None:
    assert pay_day(ready_on, today=TUESDAY, clock=clock) == day
    assert expected_on(ready_on, today=TUESDAY, clock=clock) == (day or ready_on, day is None)


def test_a_month_is_shown_in_whole_weeks() -> None:
    weeks = weeks_of(date(2027, 2, 1))

    assert (weeks[0][0], weeks[-1][-1], len(weeks)) == (date(2027, 2, 1), date(2027, 2, 28), 4)
    assert (weeks_of(TUESDAY)[0][0], weeks_of(TUESDAY)[-1][-1]) == (
        date(2026, 10, 26),
        date(2026, 12, 6),
    )


def test_a_calendar_program_gets_folded_lines_and_no_day_without_one() -> None:
    rows = [
        Expected("reward-7", "EUR", 1_240, "hold", on=TUESDAY, until=TUESDAY),
        Expected("ready-x", "EUR", 500, "no_details"),
    ]
    at = datetime(2026, 11, 20, 9, tzinfo=timezone.get_default_timezone())

    text = calendar_text(rows, name="Ä;" * 60, host="acme.portal", at=at, url="https://x.example")

    lines = text.split("\r\n")
    assert max(len(line.encode()) for line in lines) <= 75
    assert text.count("BEGIN:VEVENT") == 1
    assert "DTSTART;VALUE=DATE:20261124" in lines
    assert "SUMMARY:€12.40" in lines
    assert text.replace("\r\n ", "").count("Ä\\;" * 60) == 1


def test_every_state_of_money_is_in_it_and_adds_up_to_the_ledger(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_partner(program=a_program(), name="Brightwater")
    bank_details(partner.id, at=at)
    payable(partner.id, 5_000, at=at)
    approved_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    payable(partner.id, 1_240, at=at)
    payable(partner.id, -3_000, "USD", at=at)
    accrual = an_accrual(at, partner=partner)
    clock = RunClock("monthly", 28)
    actor = Actor(world.finance.id)
    save_payout_settings(methods=["sepa"], clock=clock, head=AchHead(), actor=actor, at=at)

    rows = expected_money(partner.id, at=at)

    owed = {
        row.currency: row.pending + row.payable + row.disputed + row.in_payout
        for row in partner_balances(partner.id)
    }
    assert totals_by_currency(rows) == owed
    assert [(row.blocker, row.on) for row in rows] == [
        ("under_way", at.date()),
        ("ready", date(2026, 11, 30)),
        ("hold", date(2026, 12, 29)),
        ("negative", None),
    ]
    assert rows[2].accrual_id == accrual.id
    assert blocker_words(rows[2]) == "Hold ends on 18\u00a0December 2026"


def test_the_address_is_secret_names_nobody_and_ends_when_it_is_revoked_or_the_person_leaves(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = timezone.now()
    with tenant_scope(world.acme.id):
        partner = a_partner(program=a_program(), name="Brightwater")
        an_accrual(at, partner=partner, company="Kestrel Logistics")
        inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": partner.name}
        person = a_member(world.acme, Role.PARTNER_ADMIN, "boss@brightwater.example", **inside)
    client, program = Client(), Client()
    client.force_login(person)
    assert "Kestrel Logistics" in "".join(
        client.get(
            f"/acme/earnings/calendar/?month={at + timedelta(days=days):%Y-%m}"
        ).content.decode()
        for days in (0, 31)
    )

    client.post("/acme/earnings/calendar/address/")

    page = client.get("/acme/earnings/calendar/").content.decode()
    (address,) = re.findall(r"/acme/calendar/[\w-]{40,}\.ics", page)
    answer = program.get(address)
    assert answer["Content-Type"].startswith("text/calendar")
    text = answer.content.decode()
    assert "SUMMARY:€200.00" in text
    assert "Kestrel" not in text
    assert program.get(address.replace("/acme/", "/globex/")).status_code == 404
    client.post("/acme/earnings/calendar/address/")
    assert program.get(address).status_code == 404
    (newer,) = re.findall(
        r"/acme/calendar/[\w-]{40,}\.ics", client.get("/acme/earnings/calendar/").content.decode()
    )
    assert program.get(newer).status_code == 200
    with monkeypatch.context() as locked:
        locked.setattr(gates, "_gates", [lambda *_: [Missing("Sign the agreement", "/")]])
        assert program.get(newer).status_code == 404
    assert program.get(newer).status_code == 200
    Membership.objects.filter(user=person).update(ended_at=at)
    assert program.get(newer).status_code == 404


def test_what_no_end_of_a_hold_pays_has_no_day_but_its_reason(
    world: World, acme: Tenant, at: datetime
) -> None:
    """The bank blamed the account; then it is another that carries no euros; then the partner is paused."""
    partner = a_partner(program=a_program(), name="Brightwater")
    bank_details(partner.id, at=at)
    an_accrual(at, partner=partner)
    payable(partner.id, 1_240, at=at)

    def told() -> list[tuple[str, date | None]]:
        return [(row.blocker, row.on) for row in expected_money(partner.id, at=at)]

    assert all(on for _blocker, on in told())
    run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    back = Payout.objects.get(run=run)
    return_payout(payout_id=back.id, reason="AC04", actor=Actor(None), at=at)

    assert told() == [("returned", None)] * 2
    feed = calendar_text(
        expected_money(partner.id, at=at), name="x", host="x", at=at, url="https://x.example"
    )
    assert "BEGIN:VEVENT" not in feed
    bank_details(partner.id, at=at, method="ach", number="4412345", country="US")
    assert told() == [("other_method", None)] * 2
    partner.state = PartnerState.PAUSED
    partner.save(update_fields=["state"])
    assert told() == [("not_active", None)] * 2
