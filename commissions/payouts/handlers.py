"""Who is told about runs, payments and changed payout details."""

from typing import Any
from uuid import UUID

from commissions.ledger.selectors import tenant_zone
from commissions.payouts.exceptions import TOLD, episode_of
from commissions.payouts.models import (
    Payout,
    PayoutAccount,
    PayoutExclusion,
    PayoutRun,
    RunApproval,
)
from commissions.payouts.selectors import run_totals
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.services import notify


@on("payout_run.prepared", name="payouts.tell_approvers")
def tell_approvers(event: Event) -> None:
    """Tell everybody who may approve, but not the person who prepared it."""
    run = PayoutRun.objects.select_related("prepared_by").get(id=event.payload["run_id"])
    _tell_approvers(run, event, key=f"run:{run.id}")


@on("payout_run.agreed", name="payouts.tell_other_approvers")
def tell_other_approvers(event: Event) -> None:
    """Tell everybody who may still agree that one more word is needed."""
    run = PayoutRun.objects.select_related("prepared_by").get(id=event.payload["run_id"])
    _tell_approvers(run, event, key=f"run:{run.id}:again")


def _tell_approvers(run: PayoutRun, event: Event, *, key: str) -> None:
    agreed = set(RunApproval.objects.filter(run_id=run.id).values_list("user_id", flat=True))
    facts = {
        "number": run.number,
        "prepared_by": run.prepared_by.get_full_name() if run.prepared_by else "",
        "pay_on": run.pay_on.isoformat(),
        "totals": [
            {
                "amount_minor": total.amount_minor,
                "currency": total.currency,
                "count": total.payout_count,
            }
            for total in run_totals(run.id)
        ],
    }
    for user in members_with(Capability.APPROVE_PAYOUTS, tenant_id=event.tenant_id):
        if user.id != run.prepared_by_id and user.id not in agreed:
            notify(
                kind="run.waiting",
                key=key,
                user_id=user.id,
                facts=facts,
                path=_run_path(run),
                at=event.at,
            )


@on("payout_run.prepared", name="payouts.tell_left_out")
def tell_left_out(event: Event) -> None:
    """Tell partners that a run leaves them out for something they can end or wait for; once for each reason.

    Told again only after a payment in between. The task on their home page stands as long as its reason does.
    """
    rows = PayoutExclusion.objects.filter(
        run_id=UUID(event.payload["run_id"]), reason__in=TOLD, amount_minor__gt=0
    )
    for row in rows.order_by("id").iterator(500):
        facts = {
            "amount_minor": row.amount_minor,
            "currency": row.currency,
            "reason": row.reason,
            "minimum_minor": row.detail.get("minimum_minor"),
        }
        episode = episode_of(row.partner_id, row.currency)
        for user in members_with(
            Capability.MANAGE_PAYOUT_DETAILS, tenant_id=event.tenant_id, partner_id=row.partner_id
        ):
            notify(
                kind="payout.left_out",
                key=f"left_out:{row.partner_id}:{row.currency}:{row.reason}:{episode}",
                user_id=user.id,
                facts=facts,
                path="",
                partner_id=row.partner_id,
                at=event.at,
            )


@on("payout_run.cancelled", name="payouts.tell_preparer")
def tell_preparer(event: Event) -> None:
    """Tell the person who prepared a run that it was sent back, and why."""
    run = PayoutRun.objects.select_related("cancelled_by").get(id=event.payload["run_id"])
    if run.prepared_by_id is None or run.prepared_by_id == run.cancelled_by_id:
        return
    facts = {
        "number": run.number,
        "by": run.cancelled_by.get_full_name() if run.cancelled_by else "",
        "reason": run.cancel_reason,
    }
    notify(
        kind="run.cancelled",
        key=f"run:{run.id}",
        user_id=run.prepared_by_id,
        facts=facts,
        path=_run_path(run),
        at=event.at,
    )


@on("payout_run.exported", name="payouts.tell_payees")
def tell_payees(event: Event) -> None:
    """Tell every partner of a run that money is on its way; it is not paid yet."""
    for payout in (
        Payout.objects.filter(run_id=UUID(event.payload["run_id"]))
        .select_related("account", "run")
        .order_by("id")
        .iterator(500)
    ):
        _tell_partner("payout.exported", payout, event)


@on("payout.settled", name="payouts.tell_paid")
def tell_paid(event: Event) -> None:
    """Tell the partner that the bank paid."""
    _tell_partner("payout.settled", _payout(event), event)


@on("payout.returned", name="payouts.tell_returned")
def tell_returned(event: Event) -> None:
    """Tell the partner that the bank sent the money back."""
    _tell_partner("payout.returned", _payout(event), event)


@on("payout_details.changed", name="payouts.tell_details_changed")
def tell_details_changed(event: Event) -> None:
    """Tell every admin of the partner, whoever changed the account: no thief stays unnoticed.

    Source: THREATS.md, S25.
    """
    account = PayoutAccount.objects.select_related("changed_by").get(
        id=event.payload["payout_account_id"]
    )
    facts = {
        "before": event.changes["account"][0],
        "after": account.masked,
        "by": account.changed_by.get_full_name() if account.changed_by else "",
        "cooling_until": account.cooling_until.astimezone(tenant_zone()).date().isoformat()
        if account.cooling_until
        else "",
    }
    for user in members_with(
        Capability.MANAGE_PAYOUT_DETAILS, tenant_id=event.tenant_id, partner_id=account.partner_id
    ):
        notify(
            kind="payout.details_changed",
            key=f"payout_account:{account.id}",
            user_id=user.id,
            facts=facts,
            path="payout-details/",
            partner_id=account.partner_id,
            at=event.at,
        )


def _payout(event: Event) -> Payout:
    return Payout.objects.select_related("account", "run").get(id=event.payload["payout_id"])


def _run_path(run: PayoutRun) -> str:
    return f"manage/payouts/{run.id}/"


def _tell_partner(kind: str, payout: Payout, event: Event) -> None:
    facts: dict[str, Any] = {
        "number": payout.number,
        "amount_minor": payout.amount_minor,
        "currency": payout.currency,
        "account": payout.account.masked,
        "pay_on": payout.run.pay_on.isoformat(),
        "reason": payout.return_reason,
    }
    for user in members_with(
        Capability.MANAGE_PAYOUT_DETAILS, tenant_id=event.tenant_id, partner_id=payout.partner_id
    ):
        notify(
            kind=kind,
            key=f"{kind}:{payout.id}",
            user_id=user.id,
            facts=facts,
            path=f"payouts/{payout.id}/",
            partner_id=payout.partner_id,
            at=event.at,
        )
