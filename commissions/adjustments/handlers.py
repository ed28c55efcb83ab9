"""Who is told about write-offs and conversions."""

from typing import Any

from commissions.adjustments.models import Conversion, WriteOff
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.services import notify

DEBTS = "manage/books/debts/"


def _facts(wish: WriteOff) -> dict[str, Any]:
    return {
        "amount_minor": wish.amount_minor,
        "currency": wish.currency,
        "partner": wish.partner.name,
        "reason": wish.reason,
        "answer": wish.answer,
    }


def _wish(event: Event) -> WriteOff:
    return WriteOff.objects.select_related("partner").get(id=event.payload["write_off_id"])


@on("books.write_off_asked", name="adjustments.tell_approvers")
def tell_approvers(event: Event) -> None:
    """Tell everybody who may approve, but not who asked."""
    wish = _wish(event)
    for user in members_with(Capability.APPROVE_PAYOUTS, tenant_id=event.tenant_id):
        if user.id != wish.asked_by_id:
            notify(
                kind="write_off.asked",
                key=f"write_off:{wish.id}",
                user_id=user.id,
                facts=_facts(wish),
                path=DEBTS,
                at=event.at,
            )


@on("books.write_off_refused", name="adjustments.tell_asker")
def tell_asker(event: Event) -> None:
    """Tell who asked that the debt stays, and why; who took back its own wish knows."""
    wish = _wish(event)
    if wish.asked_by_id and wish.decided_by_id:
        notify(
            kind="write_off.refused",
            key=f"write_off:{wish.id}",
            user_id=wish.asked_by_id,
            facts=_facts(wish),
            path=DEBTS,
            at=event.at,
        )


@on("books.write_off_approved", name="adjustments.tell_partner_written_off")
def tell_partner_written_off(event: Event) -> None:
    """Tell the partner's people who see money that nothing of it is deducted any more, and why."""
    wish = _wish(event)
    _inform("write_off.approved", f"write_off:{wish.id}", wish, _facts(wish), event)


@on("books.converted", name="adjustments.tell_partner_converted")
def tell_partner_converted(event: Event) -> None:
    """Tell the partner's people who see money what was converted, at which rate and why."""
    row = Conversion.objects.get(id=event.payload["conversion_id"])
    facts = {
        "amount_minor": row.from_minor,
        "currency": row.from_currency,
        "into_minor": row.to_minor,
        "into_currency": row.to_currency,
        "rate": f"{row.rate.normalize():f}",
        "rated_on": row.rated_on.isoformat(),
        "source": row.source,
        "reason": row.reason,
    }
    _inform("balance.converted", f"conversion:{row.id}", row, facts, event)


def _inform(
    kind: str, key: str, row: WriteOff | Conversion, facts: dict[str, Any], event: Event
) -> None:
    for user in members_with(
        Capability.SEE_EARNINGS, tenant_id=event.tenant_id, partner_id=row.partner_id
    ):
        notify(
            kind=kind,
            key=key,
            user_id=user.id,
            facts=facts,
            path="earnings/",
            partner_id=row.partner_id,
            at=event.at,
        )
