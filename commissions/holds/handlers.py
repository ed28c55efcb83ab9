"""Who hears of requests to end a hold early."""

from commissions.holds.models import EarlyRelease, RequestState
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.services import notify


@on("commission.release_asked", name="holds.tell_deciders")
def tell_deciders(event: Event) -> None:
    """Tell everybody who may decide, but not the person who asked; nobody when it is decided already."""
    request = EarlyRelease.objects.select_related("partner", "asked_by").get(
        id=event.payload["request_id"]
    )
    if request.state != RequestState.WAITING:
        return
    facts = {
        "partner": request.partner.name,
        "amount_minor": request.amount_minor,
        "currency": request.currency,
        "reason": request.reason,
        "by": request.asked_by.get_full_name() if request.asked_by else "",
    }
    for user in members_with(Capability.APPROVE_PAYOUTS, tenant_id=event.tenant_id):
        if user.id != request.asked_by_id:
            notify(
                kind="hold.asked",
                key=f"early_release:{request.id}",
                user_id=user.id,
                facts=facts,
                path="manage/holds/",
                at=event.at,
            )
