"""Who is told when a partner's tier changes or is at risk."""

from datetime import date

from django.utils import translation

from commissions.tiers.services import drop_warnings
from partners.directory.models import PartnerState
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.events.subscriptions import on
from prm.notices.services import notify
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.formats import day_text


@on("tier.reached", name="tiers.tell_reached")
def tell_reached(event: Event) -> None:
    """The partner learns that it moved up."""
    _notify(event, "tier.reached", event.payload["to"])


@on("tier.lost", name="tiers.tell_lost")
def tell_lost(event: Event) -> None:
    """The partner learns that it moved down; it was told before."""
    _notify(event, "tier.lost", event.payload["to"])


@on("tier.notice_given", name="tiers.tell_notice")
def tell_notice(event: Event) -> None:
    """The partner learns until when its tier counts unless it earns it again."""
    _notify(event, "tier.notice", event.changes["tier"][0])


@on("tier.notice_withdrawn", name="tiers.tell_withdrawn")
def tell_withdrawn(event: Event) -> None:
    """The partner learns that it keeps its tier."""
    _notify(event, "tier.notice", event.changes["tier"][0], withdrawn=True)


@on("partner.state_changed", name="tiers.drop_warnings")
def drop_when_away(event: Event) -> None:
    """What a partner was warned of does not go on while it is paused or its partnership ended."""
    if event.partner_id and event.payload["to"] != PartnerState.ACTIVE:
        drop_warnings(partner_id=event.partner_id, actor=SYSTEM, at=event.at)


def _notify(event: Event, kind: str, tier: str, *, withdrawn: bool = False) -> None:
    """Queue one notice for each of the partner's people, the day in the language of each."""
    program = Program.objects.only("name").get(id=event.payload["program_id"])
    tenant_id = current_scope().tenant_id
    language = Tenant.objects.values_list("language", flat=True).get(id=tenant_id)
    for user in members_with(
        Capability.PARTNER_HOME, tenant_id=tenant_id, partner_id=event.partner_id
    ):
        with translation.override(user.language or language):
            day = day_text(date.fromisoformat(event.payload["on"])) if event.payload["on"] else ""
        notify(
            kind=kind,
            key=f"{event.name}:{event.id}",
            user_id=user.id,
            facts={"tier": tier, "program": program.name, "day": day, "withdrawn": withdrawn},
            path="tiers/",
            partner_id=event.partner_id,
            at=event.at,
        )
