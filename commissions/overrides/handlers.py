"""Who is told when an exception is asked for, decided or ended."""

from commissions.overrides.models import PlanOverride
from commissions.overrides.telling import tell, tell_partner
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.tenancy.scope import current_scope


@on("plan.override_asked", name="overrides.tell_approvers")
def tell_approvers(event: Event) -> None:
    """Those who may approve it learn of it, but for who asked."""
    override = _override(event)
    for user in members_with(Capability.APPROVE_PAYOUTS, tenant_id=current_scope().tenant_id):
        if user.id != override.asked_by_id:
            tell(override, "override.asked", user.id, key=event.name, at=event.at)


@on("plan.override_approved", name="overrides.tell_approved")
def tell_approved(event: Event) -> None:
    """Who asked learns of the decision, the partner of its terms."""
    override = _override(event)
    _tell_decided(event, override, approved=True)
    tell_partner(override, "override.terms", key=event.name, at=event.at, ended=False)


@on("plan.override_declined", name="overrides.tell_declined")
def tell_declined(event: Event) -> None:
    """Who asked learns of the decision; the partner never knew of the request."""
    override = _override(event)
    if override.decided_by_id != override.asked_by_id:
        _tell_decided(event, override, approved=False)


@on("plan.override_ended", name="overrides.tell_ended")
def tell_ended(event: Event) -> None:
    """The partner learns that the plan counts again."""
    tell_partner(_override(event), "override.terms", key=event.name, at=event.at, ended=True)


def _tell_decided(event: Event, override: PlanOverride, *, approved: bool) -> None:
    tell(
        override,
        "override.decided",
        override.asked_by_id,
        key=event.name,
        at=event.at,
        approved=approved,
    )


def _override(event: Event) -> PlanOverride:
    return PlanOverride.objects.select_related("program", "partner", "version").get(
        id=event.payload["override_id"]
    )
