"""A VAT number counts for the name and the country it was confirmed for; another name or country is checked anew."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.test import Client

from commissions.payouts.models import Payout
from commissions.payouts.selectors import preview_run
from commissions.vat.billing import issue_bills
from commissions.vat.checking import check_again, confirm_status
from commissions.vat.models import SelfBill, StatusState, VatKind, VatStatus
from commissions.vat.paper import bill_context
from partners.directory.merging import merge_partners
from partners.directory.models import Partner
from partners.directory.services import edit_partner
from prm.accounts.capabilities import Role
from prm.events.models import Event, QueuedEvent
from prm.events.services import SYSTEM, emit
from prm.notices.models import Notice
from prm.tenancy.scope import tenant_scope
from tests.builders.payouts import a_payee, exported_run, payable
from tests.builders.people import PASSWORD, a_member
from tests.builders.vat import a_vat_partner, a_vat_vendor
from tests.conftest import World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _left_out(at: datetime) -> list[tuple[str, str]]:
    return [(row.name, row.reason) for row in preview_run(at=at).left_out]


def test_a_number_is_checked_again_when_the_partner_has_another_legal_name(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        partner = a_payee("Ferrante", 100_000, at=at)
        a_vat_vendor(at=at)
        said = a_vat_partner(partner, at=at, bills=True)
        person = {"partner_id": partner.id, "partner_name": "Ferrante"}
        giulia = a_member(world.acme, Role.PARTNER_ADMIN, "boss@ferrante.example", **person)
        run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
        issue_bills(run_id=run.id, at=at)
        payable(partner.id, 10_000, at=at)
        edit_partner(partner_id=partner.id, actor=SYSTEM, at=at + HOUR, website="ferrante.example")
    deliver()
    with tenant_scope(world.acme.id):
        assert VatStatus.objects.get().state == StatusState.CONFIRMED
        assert _left_out(at + HOUR) == []
        facts = {"legal_name": "Ferrante Holding S.r.l."}
        edit_partner(partner_id=partner.id, actor=SYSTEM, at=at + DAY, **facts)
        # Nor is it taken for checked before the worker has heard of it.
        assert _left_out(at + DAY) == [("Ferrante", "vat")]
    deliver()

    with tenant_scope(world.acme.id):
        said.refresh_from_db()
        assert (said.state, said.reopened_at) == (StatusState.RECEIVED, at + DAY)
        event = Event.objects.get(name="tax.vat_reopened")
        assert (event.payload["name"], event.payload["country"]) == (True, False)
        told = Notice.objects.filter(kind__in=["tax.vat_again", "tax.vat_reopened"])
        assert set(told.values_list("kind", "user_id")) == {
            *(
                ("tax.vat_again", user.id)
                for user in (world.finance, world.second_finance, world.admin)
            ),
            ("tax.vat_reopened", giulia.id),
        }
        assert check_again(partner_id=partner.id, at=at + DAY) is None
        # What was written before says what it said.
        assert bill_context(SelfBill.objects.get())["by_lines"][0] == "Ferrante"
    why = "The legal name changed from “Ferrante” to “Ferrante Holding S.r.l.”."
    finance, boss = Client(), Client()
    finance.force_login(world.finance)
    boss.force_login(giulia)
    finance.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    page = finance.get(f"/acme/manage/tax/numbers/{said.id}/").content.decode()
    assert why in page
    assert "Confirm the number" in page
    assert why in boss.get("/acme/tax/").content.decode()
    with tenant_scope(world.acme.id):
        confirm_status(status_id=said.id, actor=SYSTEM, at=at + DAY)
        assert _left_out(at + DAY) == []
        again = exported_run(
            at=at + DAY, user_id=world.finance.id, approver_id=world.second_finance.id
        )
        assert Payout.objects.get(run=again).amount_minor == 12_200
    deliver()
    with tenant_scope(world.acme.id):
        # Told each time that it was confirmed.
        assert Notice.objects.filter(kind="tax.vat_decided", user_id=giulia.id).count() == 2
        written = SelfBill.objects.get(payout_id=Payout.objects.get(run=again).id)
        assert bill_context(written)["by_lines"][0] == "Ferrante Holding S.r.l."


def test_a_number_that_came_with_a_duplicate_is_checked_for_the_partner_that_stays(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        gone, stays = a_payee("Ferrante Due", 1_000, at=at), a_payee("Ferrante", 1_000, at=at)
        a_vat_vendor(at=at)
        a_vat_partner(gone, at=at, bills=True)
        Partner.objects.filter(id=stays.id).update(country="IT")
        merge_partners(from_id=gone.id, into_id=stays.id, reason="Twice", actor=SYSTEM, at=at)
        assert _left_out(at) == [("Ferrante", "vat")]
    deliver()

    with tenant_scope(world.acme.id):
        row = VatStatus.objects.get()
        assert (row.partner_id, row.state) == (stays.id, StatusState.RECEIVED)


def test_events_from_before_they_named_a_word_are_handled(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        partner = a_payee("Ferrante", 1_000, at=at)
        said = VatStatus.objects.create(partner=partner, kind=VatKind.REGISTERED, said_at=at)
        # The second is of a word that a merge gave to another partner since.
        for moment in (at, at - DAY):
            emit(
                "tax.vat_status_said",
                subject=f"partner:{partner.id}",
                actor=SYSTEM,
                partner_id=partner.id,
                payload={"kind": "registered"},
                at=moment,
            )

    deliver()

    with tenant_scope(world.acme.id):
        told = Notice.objects.filter(kind="tax.vat_said", user_id=world.finance.id)
        assert [row.path for row in told] == [f"manage/tax/numbers/{said.id}/"]
        assert not QueuedEvent.objects.exists()
