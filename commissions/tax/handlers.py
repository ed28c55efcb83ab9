"""Who hears of tax forms."""

from typing import Any

from commissions.tax.models import FormState, TaxForm
from commissions.tax.services import reopen_number
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.events.subscriptions import on
from prm.notices.services import notify


@on("tax.form_sent", name="tax.tell_finance")
def tell_finance(event: Event) -> None:
    """Tell those who check it."""
    row = _form(event)
    _tell_checkers(event, row, "tax.form_sent", f"tax_sent:{row.id}")


@on("partner.edited", name="tax.check_again")
def check_edited(event: Event) -> None:
    """Have an approved VAT number checked again in another country."""
    if event.partner_id and (countries := event.changes.get("country")):
        before, country = countries
        reopen_number(
            partner_id=event.partner_id, before=before, country=country, actor=SYSTEM, at=event.at
        )


@on("tax.form_reopened", name="tax.tell_reopened")
def tell_reopened(event: Event) -> None:
    """Tell those who check it, and the partner."""
    row, key = _form(event), f"tax_again:{event.id}"
    _tell_checkers(event, row, "tax.form_again", key)
    _tell_partner(row, "tax.form_reopened", key, {"form": row.form}, event)


@on("tax.form_approved", name="tax.tell_approved")
def tell_approved(event: Event) -> None:
    """Tell the partner."""
    _tell_decided(event)


@on("tax.form_refused", name="tax.tell_refused")
def tell_refused(event: Event) -> None:
    """Tell the partner what is wrong."""
    _tell_decided(event)


@on("tax.certificate_issued", name="tax.tell_certified")
def tell_certified(event: Event) -> None:
    """Tell the partner that its certificate is ready."""
    for user in members_with(
        Capability.MANAGE_PAYOUT_DETAILS, tenant_id=event.tenant_id, partner_id=event.partner_id
    ):
        notify(
            kind="tax.certificate_issued",
            key=f"certificate:{event.payload['certificate_id']}",
            user_id=user.id,
            facts={"number": event.payload["number"], "year": event.payload["year"]},
            path=f"tax/certificates/{event.payload['certificate_id']}/",
            partner_id=event.partner_id,
            at=event.at,
        )


def _tell_decided(event: Event) -> None:
    row = _form(event)
    is_approved = row.state == FormState.APPROVED
    facts = {"form": row.form, "approved": is_approved, "reason": row.note}
    # What was checked again is decided once more.
    _tell_partner(row, "tax.form_decided", f"tax_decided:{row.id}:{event.id}", facts, event)


def _tell_checkers(event: Event, row: TaxForm, kind: str, key: str) -> None:
    for user in members_with(Capability.SETTLE_PAYOUTS, tenant_id=event.tenant_id):
        notify(
            kind=kind,
            key=key,
            user_id=user.id,
            facts={"partner": row.partner.name, "form": row.form},
            path=f"manage/tax/{row.id}/",
            at=event.at,
        )


def _tell_partner(row: TaxForm, kind: str, key: str, facts: dict[str, Any], event: Event) -> None:
    for user in members_with(
        Capability.MANAGE_PAYOUT_DETAILS, tenant_id=event.tenant_id, partner_id=row.partner_id
    ):
        notify(
            kind=kind,
            key=key,
            user_id=user.id,
            facts=facts,
            path="tax/",
            partner_id=row.partner_id,
            at=event.at,
        )


def _form(event: Event) -> TaxForm:
    return TaxForm.objects.select_related("partner").get(id=event.payload["tax_form_id"])
