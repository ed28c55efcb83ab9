"""An approved VAT number counts for the country it was approved in; another country has it checked again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from commissions.tax.models import FormState, TaxForm
from commissions.tax.rules import RECEIVED
from commissions.tax.selectors import tax_block
from commissions.tax.services import add_requirement, approve_form
from partners.directory.merging import merge_partners
from partners.directory.models import Partner
from partners.directory.services import edit_partner
from prm.accounts.capabilities import Role
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.notices.models import Notice
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.people import PASSWORD, a_member
from tests.builders.referrals import a_partner
from tests.builders.tax import a_form
from tests.conftest import World

DAY = timedelta(days=1)


def approved(partner: Partner, at: datetime) -> TaxForm:
    row = a_form(partner.id, form="vat_id", file=None, number="IE 6433435F", at=at)
    return approve_form(form_id=row.id, valid_until=(at + 90 * DAY).date(), actor=SYSTEM, at=at)


def moved(partner: Partner, country: str, at: datetime) -> None:
    edit_partner(partner_id=partner.id, actor=SYSTEM, at=at, country=country)


def test_another_country_reopens_the_number_with_its_reason(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        add_requirement(country="", partner_type="", form="vat_id", actor=SYSTEM, at=at)
        partner = a_partner("Ferrante", country="IE")
        row = approved(partner, at)
        person: dict[str, Any] = {"partner_id": partner.id, "partner_name": "Ferrante"}
        giulia = a_member(world.acme, Role.PARTNER_ADMIN, "boss@ferrante.example", **person)
        edit_partner(partner_id=partner.id, actor=SYSTEM, at=at, website="ferrante.example")
    deliver()
    with tenant_scope(world.acme.id):
        assert tax_block(partner.id, at + DAY) is None
        moved(partner, "IT", at + DAY)
    deliver()

    with tenant_scope(world.acme.id):
        assert tax_block(partner.id, at + DAY) == RECEIVED
        event = Event.objects.get(name="tax.form_reopened")
        assert event.changes == {"country": ["IE", "IT"]}
        told = Notice.objects.filter(kind__in=["tax.form_again", "tax.form_reopened"])
        assert set(told.values_list("kind", "user_id", "path")) == {
            *(
                ("tax.form_again", user.id, f"manage/tax/{row.id}/")
                for user in (world.finance, world.second_finance, world.admin)
            ),
            ("tax.form_reopened", giulia.id, "tax/"),
        }
    finance, boss = Client(), Client()
    finance.force_login(world.finance)
    boss.force_login(giulia)
    finance.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    assert f"/acme/manage/tax/{row.id}/" in finance.get("/acme/manage/tax/").text
    answer = finance.get(f"/acme/manage/tax/{row.id}/")
    assert answer.context["form"]["valid_until"].value() == (at + 90 * DAY).date()
    page = answer.text
    assert ("The country changed after it was approved." in page, "Approve the form" in page) == (
        True,
        True,
    )
    own = "Your country changed after it was approved. A person of finance checks it again"
    assert own in boss.get("/acme/tax/").text

    with tenant_scope(world.acme.id):
        approve_form(
            form_id=row.id, valid_until=None, actor=Actor(world.finance.id), at=at + 2 * DAY
        )
        assert tax_block(partner.id, at + 2 * DAY) is None


def test_what_was_approved_after_the_change_stays_approved(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner("Ferrante", country="IE")
        moved(partner, "IT", at)
        row = approved(partner, at + DAY)
    deliver()

    with tenant_scope(world.acme.id):
        assert TaxForm.objects.get(id=row.id).state == FormState.APPROVED


def test_a_newer_number_that_waits_is_looked_at_alone(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner("Ferrante", country="IE")
        approved(partner, at)
        newer = a_form(partner.id, form="vat_id", file=None, number="IT 00743110157", at=at)
        moved(partner, "IT", at + DAY)
    deliver()

    with tenant_scope(world.acme.id):
        counting = TaxForm.objects.filter(replaced_at=None).values_list("id", "state")
        assert list(counting) == [(newer.id, FormState.RECEIVED)]


def test_a_number_that_a_merge_brings_into_another_country_is_checked_again(
    acme: Tenant, at: datetime
) -> None:
    gone, stays = a_partner("Ferrante Ltd", country="IE"), a_partner("Ferrante", country="IT")
    row = approved(gone, at)

    merge_partners(
        from_id=gone.id, into_id=stays.id, reason="Entered twice", actor=SYSTEM, at=at + DAY
    )

    row.refresh_from_db()
    assert (row.partner_id, row.state) == (stays.id, FormState.RECEIVED)
