"""Telling a partner's people of new terms."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from commissions.plans.models import PlanVersion
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.notices.services import notify
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope


def tell_people(
    version: PlanVersion, partner_id: UUID, *, kind: str, key: str, at: datetime
) -> int:
    """Tell those who may accept, and those who see earnings; return to how many. The same key tells nobody twice."""
    tenant = Tenant.objects.get(id=current_scope().tenant_id)
    people = {
        user.id
        for right in (Capability.SIGN_AGREEMENT, Capability.SEE_EARNINGS)
        for user in members_with(right, tenant_id=tenant.id, partner_id=partner_id)
    }
    starts_on = version.starts_at.astimezone(ZoneInfo(tenant.time_zone)).date()
    for user_id in sorted(people):
        notify(
            kind=kind,
            key=key,
            user_id=user_id,
            facts={
                "program": version.program.name,
                "number": version.number,
                "starts_on": starts_on.isoformat(),
            },
            path=f"terms/{version.program_id}/",
            partner_id=partner_id,
            at=at,
        )
    return len(people)
