"""A partner's people are told what the vendor decided about it."""

from typing import Any
from uuid import UUID

from django.utils import translation

from partners.directory.models import Partner, PartnerChange, PartnerState
from partners.programs.models import Program
from prm.accounts.models import Membership, User
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.kinds import kind_named
from prm.notices.services import notify, queue_mail
from prm.tenancy.links import tenant_url
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope


@on("partner.state_changed", name="directory.tell_state")
def tell_state(event: Event) -> None:
    """Everybody of a paused, ended or reinstated partner reads it with the reason, in the portal and by mail."""
    change_id = event.payload.get("change_id")
    change = PartnerChange.objects.select_related("partner").filter(id=change_id).first()
    if change is None or change.partner.merged_into_id:
        return
    facts = {
        "partner": change.partner.name,
        "state": change.to_value,
        "cause": change.cause,
        "reason": change.reason,
        "effects": change.money.get("lines", []),
    }
    ended = change.to_value == PartnerState.ENDED
    for user in _people(change.partner_id, ended=ended):
        if ended:
            _mail_one_who_left(user, change, facts)
        else:
            notify(
                kind="partner.state",
                key=f"partner_change:{change.id}",
                user_id=user.id,
                facts=facts,
                path="",
                partner_id=change.partner_id,
                at=event.at,
            )


@on("partner.moved", name="directory.tell_moved")
def tell_moved(event: Event) -> None:
    """Everybody of a moved partner reads from which day new referrals go to which program."""
    program = Program.objects.get(id=UUID(event.payload["program_id"]))
    partner = Partner.objects.get(id=UUID(event.payload["partner_id"]))
    for user in _people(partner.id, ended=False):
        notify(
            kind="partner.moved",
            key=f"partner_moved:{event.id}",
            user_id=user.id,
            facts={"program": program.name, "on": event.payload["on"]},
            path="",
            partner_id=partner.id,
            at=event.at,
        )


def _people(partner_id: UUID, *, ended: bool) -> list[User]:
    """Return who works in the partner, or who did when it ended."""
    places = Membership.objects.filter(
        tenant_id=current_scope().tenant_id, partner_id=partner_id, user__is_active=True
    )
    places = (
        places.filter(ended_with=Membership.EndedWith.PARTNER)
        if ended
        else places.filter(ended_at=None)
    )
    return [row.user for row in places.select_related("user").order_by("user_id")]


def _mail_one_who_left(user: User, change: PartnerChange, facts: dict[str, Any]) -> None:
    """Write to somebody whose place closed with the partner: the portal no longer shows them notices."""
    tenant = Tenant.objects.get(id=current_scope().tenant_id)
    declared, language = kind_named("partner.state"), user.language or tenant.language
    with translation.override(language):
        title = declared.title(facts)
    queue_mail(
        key=f"partner_change:{change.id}:{user.id}",
        kind=declared.name,
        to=user.email,
        template=declared.template,
        context={
            "facts": facts,
            "title": title,
            "person": user,
            "url": tenant_url(tenant, "start"),
            "kind": declared,
        },
        language=language,
        user_id=user.id,
        partner_id=change.partner_id,
        time_zone=user.time_zone,
    )
