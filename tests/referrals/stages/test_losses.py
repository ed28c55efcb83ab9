"""The report of lost deals: by reason, in a period, by program and partner; its numbers lead to their rows."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from prm.accounts.models import User
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.answer_models import LossReason
from referrals.pipeline.models import Referral
from referrals.pipeline.services import change_stage
from tests.builders.referrals import a_partner, a_program, a_referral, stage_of
from tests.conftest import World

DAY = timedelta(days=1)
PAGE = "/acme/manage/reports/losses/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def lose(at: datetime, company: str, reason: str, *, partner: str = "Brightwater") -> Referral:
    """Lose a referral of the partner's two days after it came."""
    program = a_program()
    known, _ = LossReason.objects.get_or_create(
        program=program, name=reason, defaults={"position": 1}
    )
    referral = a_referral(
        at - 2 * DAY,
        stage="accepted",
        partner=a_partner(partner),
        company=company,
        contact_email=f"a@{company.lower()}.example",
    )
    change_stage(
        referral_id=referral.id,
        to_stage_id=stage_of(program.id, "lost").id,
        actor=SYSTEM,
        at=at,
        reason="They told us so.",
        loss_reason_id=known.id,
    )
    return referral


@pytest.fixture
def lost(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        for company in ("Kite", "Osprey"):
            lose(at, company, "Price")
        lose(at, "Heron", "Chose another", partner="Solea")
        lose(at - 40 * DAY, "Falcon", "Price")
        again = lose(at, "Plover", "Price")
        change_stage(
            referral_id=again.id,
            to_stage_id=stage_of(again.program_id, "opportunity").id,
            actor=SYSTEM,
            at=at + timedelta(minutes=1),
            reason="They came back.",
        )


def counts(text: str) -> dict[str, int]:
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td class="n"><a href="[^"]*">(\d+)', text)
    return {name: int(count) for name, count in rows}


def companies(text: str) -> set[str]:
    return {name for name in ("Kite", "Osprey", "Heron", "Falcon", "Plover") if name in text}


def test_reasons_are_counted_and_lead_to_their_rows(world: World, lost: None, at: datetime) -> None:
    manager = signed_in(world.manager)
    days = f"first={(at - 10 * DAY):%Y-%m-%d}&last={at:%Y-%m-%d}"

    page = manager.get(f"{PAGE}?{days}").content.decode()
    assert counts(page) == {"Price": 2, "Chose another": 1, "All reasons": 3}
    assert companies(page) == {"Kite", "Osprey", "Heron"}, "Plover came back, Falcon was earlier"

    price = manager.get(f"{PAGE}?{days}&reason=Price").content.decode()
    assert companies(price) == {"Kite", "Osprey"}

    with tenant_scope(world.acme.id):
        solea = a_partner("Solea").id
    theirs = manager.get(f"{PAGE}?{days}&partner={solea}").content.decode()
    assert counts(theirs) == {"Chose another": 1, "All reasons": 1}
    year = manager.get(PAGE).status_code
    assert year == 200


def test_an_address_that_makes_no_sense_gives_a_page(world: World) -> None:
    manager = signed_in(world.manager)

    for query in ("first=x&last=y", "partner=1&program=2", "reason=%00", "reason=%27--"):
        assert manager.get(f"{PAGE}?{query}").status_code == 200
