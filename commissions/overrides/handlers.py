"""Who is told when an exception is asked for, decided or ended."""

from django.utils import translation

from commissions.overrides.models import PlanOverride
from commissions.overrides.wording import override_words, span_words
from prm.accounts.capabilities import Capability
from prm.accounts.models import User
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.services import notify
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope


@on("plan.override_asked", name="overrides.tell_approvers")
def tell_approvers(event: Event) -> None:
    """Those who may approve it learn of it, but for who asked."""
    override = _override(event)
    for user in members_with(Capability.APPROVE_PAYOUTS, tenant_id=current_scope().tenant_id):
        if user.id != override.asked_by_id:
            _notify(event, override, "override.asked", user.id)


@on("plan.override_approved", name="overrides.tell_approved")
def tell_approved(event: Event) -> None:
    """Who asked learns of the decision, the partner of its terms."""
    override = _override(event)
    _notify(event, override, "override.decided", override.asked_by_id, approved=True)
    _tell_partner(event, override)


@on("plan.override_declined", name="overrides.tell_declined")
def tell_declined(event: Event) -> None:
    """Who asked learns of the decision; the partner never knew of the request."""
    override = _override(event)
    if override.decided_by_id != override.asked_by_id:
        _notify(event, override, "override.decided", override.asked_by_id, approved=False)


@on("plan.override_ended", name="overrides.tell_ended")
def tell_ended(event: Event) -> None:
    """The partner learns that the plan counts again."""
    _tell_partner(event, _override(event), ended=True)


def _tell_partner(event: Event, override: PlanOverride, *, ended: bool = False) -> None:
    people = members_with(
        Capability.SEE_EARNINGS,
        tenant_id=current_scope().tenant_id,
        partner_id=override.partner_id,
    )
    for user in people:
        _notify(event, override, "override.terms", user.id, ended=ended)


def _notify(event: Event, override: PlanOverride, kind: str, user_id: int, **more: bool) -> None:
    """Queue one notice; its words are made in the language of whom they are for."""
    language = User.objects.values_list("language", flat=True).get(id=user_id)
    with translation.override(language or _tenant_language()):
        words, span = override_words(override), span_words(override)
    path = (
        f"terms/{override.program_id}/"
        if kind == "override.terms"
        else f"manage/exceptions/{override.id}/"
    )
    notify(
        kind=kind,
        key=f"{event.name}:{override.id}",
        user_id=user_id,
        facts={
            "partner": override.partner.name,
            "program": override.program.name,
            "terms": words,
            "span": span,
            "reason": override.reason if kind != "override.terms" else "",
            "note": override.decision_note if kind == "override.decided" else "",
            **more,
        },
        path=path,
        partner_id=override.partner_id if kind == "override.terms" else None,
        at=event.at,
    )


def _override(event: Event) -> PlanOverride:
    return PlanOverride.objects.select_related("program", "partner", "version").get(
        id=event.payload["override_id"]
    )


def _tenant_language() -> str:
    return Tenant.objects.values_list("language", flat=True).get(id=current_scope().tenant_id)
