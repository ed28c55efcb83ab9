"""Who hears of tax forms."""

from commissions.tax.models import FormState, TaxForm
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.services import notify


@on("tax.form_sent", name="tax.tell_finance")
def tell_finance(event: Event) -> None:
    """Tell those who check it."""
    row = _form(event)
    for user in members_with(Capability.SETTLE_PAYOUTS, tenant_id=event.tenant_id):
        notify(
            kind="tax.form_sent",
            key=f"tax_sent:{row.id}",
            user_id=user.id,
            facts={"partner": row.partner.name, "form": row.form},
            path=f"manage/tax/{row.id}/",
            at=event.at,
        )


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
    for user in members_with(
        Capability.MANAGE_PAYOUT_DETAILS, tenant_id=event.tenant_id, partner_id=row.partner_id
    ):
        notify(
            kind="tax.form_decided",
            key=f"tax_decided:{row.id}",
            user_id=user.id,
            facts={
                "form": row.form,
                "approved": row.state == FormState.APPROVED,
                "reason": row.note,
            },
            path="tax/",
            partner_id=row.partner_id,
            at=event.at,
        )


def _form(event: Event) -> TaxForm:
    return TaxForm.objects.select_related("partner").get(id=event.payload["tax_form_id"])
