"""Who is told of a choice: the partner's people who see what it earns."""

from django.utils import translation

from commissions.choices.models import RewardChoice
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.notices.services import notify
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.formats import day_text


@on("partner.reward_chosen", name="choices.tell_chosen")
def tell_chosen(event: Event) -> None:
    """Tell them what will change and when."""
    choice = RewardChoice.objects.select_related("program").get(id=event.payload["choice_id"])
    tenant = Tenant.objects.get(id=current_scope().tenant_id)
    for user in members_with(
        Capability.SEE_EARNINGS, tenant_id=tenant.id, partner_id=choice.partner_id
    ):
        with translation.override(user.language or tenant.language):
            day = day_text(choice.from_on)
        notify(
            kind="reward.chosen",
            key=f"reward.chosen:{choice.id}",
            user_id=user.id,
            facts={
                "program": choice.program.name,
                "day": day,
                "kind": choice.kind,
                "by_vendor": choice.chosen_by_id is None,
            },
            path=f"reward-choice/{choice.program_id}/",
            partner_id=choice.partner_id,
            at=event.at,
        )
