"""Finance chooses methods, days and lists; an admin the limits; partners see only what is on offer."""

from django.test import Client

from commissions.payouts.models import FileTemplate, PayoutLimit, PayoutSettings
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.events.models import Event
from prm.tenancy.scope import tenant_scope
from tests.builders.people import PASSWORD, a_member
from tests.builders.referrals import a_partner, a_program
from tests.conftest import World

SETTINGS = "/acme/manage/payouts/settings/"


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    client.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def _form(**fields: object) -> dict[str, object]:
    return {
        "methods": ["paypal", "ach"],
        "cadence": "weekly",
        "week_day": "5",
        "month_day": "1",
        "ach_routing": "021000021",
        **fields,
    }


def test_what_finance_offers_is_what_partners_choose_from(world: World) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner("Brightwater", program=a_program())
        boss = a_member(
            world.acme,
            Role.PARTNER_ADMIN,
            "boss@brightwater.example",
            partner_id=partner.id,
            partner_name=partner.name,
        )
    client = _signed_in(world.finance)

    assert client.post(SETTINGS, _form(ach_routing="021000012")).status_code == 422
    assert client.post(SETTINGS, _form(methods=[])).status_code == 422
    for _twice in range(2):
        assert client.post(SETTINGS, _form()).status_code == 303

    with tenant_scope(world.acme.id):
        saved = PayoutSettings.objects.get()
        assert (saved.methods, saved.cadence, saved.run_day) == (["paypal", "ach"], "weekly", 5)
        assert Event.objects.filter(name="payout_settings.changed").count() == 1
    change, partner_client = "/acme/payout-details/change/", _signed_in(boss)
    page = partner_client.get(change).content.decode()
    assert 'value="paypal"' in page
    assert 'value="sepa"' not in page
    ach = {
        "method": "ach",
        "holder": "Brightwater Inc",
        "number": "4412345",
        "address": "",
        "bic": "X",
    }
    refused = partner_client.post(change, {**ach, "routing": "021000012", "ach_kind": "savings"})
    assert "This is no routing number" in refused.content.decode()
    wallet = {"method": "paypal", "holder": "Brightwater", "address": "Pay@Brightwater.example"}
    assert partner_client.post(change, {**wallet, "number": "ignored"}).status_code == 303
    assert "p••@brightwater.example" in partner_client.get("/acme/payout-details/").content.decode()


def test_only_an_admin_sets_limits_and_an_empty_field_takes_one_away(world: World) -> None:
    limits = "/acme/manage/payouts/limits/"
    assert _signed_in(world.finance).post(limits, {"run_EUR": "1"}).status_code == 403
    admin = _signed_in(world.admin)

    admin.post(limits, {"run_EUR": "10,000.00", "payment_EUR": "", "release_EUR": "50"})

    with tenant_scope(world.acme.id):
        row = PayoutLimit.objects.get()
        assert (row.currency, row.run_minor, row.payment_minor, row.release_minor) == (
            "EUR",
            1_000_000,
            None,
            5_000,
        )
    admin.post(limits, {"run_EUR": "", "release_EUR": "50"})
    with tenant_scope(world.acme.id):
        assert PayoutLimit.objects.get().run_minor is None


def test_finance_shapes_a_list_and_retires_it(world: World) -> None:
    client = _signed_in(world.finance)
    shape = {
        "name": "House bank",
        "delimiter": ";",
        "decimal_mark": ",",
        "day_format": "%d/%m/%Y",
        "has_head": "on",
        "column_0": "number",
        "heading_0": "Ref",
    }
    new = "/acme/manage/payouts/templates/new/"

    assert "Choose a column for the amount" in client.post(new, shape).content.decode()
    assert client.post(new, {**shape, "column_3": "amount"}).status_code == 303
    twice = client.post(new, {**shape, "column_3": "amount"})
    assert (twice.status_code, "Another template has this name" in twice.content.decode()) == (
        422,
        True,
    )

    with tenant_scope(world.acme.id):
        saved = FileTemplate.objects.get()
        assert saved.columns == [["number", "Ref"], ["amount", "Amount"]]
    client.post(f"/acme/manage/payouts/templates/{saved.id}/retire/")
    assert "Every run has a list as CSV and Excel." in client.get(SETTINGS).content.decode()
