"""Asking a partner's signers for their signature."""

from datetime import datetime
from uuid import UUID

from partners.agreements.models import AgreementVersion
from prm.accounts.capabilities import Capability
from prm.accounts.models import User
from prm.accounts.selectors import members_with
from prm.notices.services import notify
from prm.tenancy.scope import current_scope


def signers(partner_id: UUID) -> list[User]:
    """Return the partner's people who may sign."""
    return members_with(
        Capability.SIGN_AGREEMENT, tenant_id=current_scope().tenant_id, partner_id=partner_id
    )


def tell_signers(
    version: AgreementVersion, partner_id: UUID, *, kind: str, key: str, at: datetime
) -> int:
    """Tell a partner's signers of a version; return to how many people it went. The same key tells nobody twice."""
    people = signers(partner_id)
    for user in people:
        notify(
            kind=kind,
            key=key,
            user_id=user.id,
            facts={
                "program": version.program.name,
                "number": version.number,
                "changes": version.changes,
                "binding_on": version.binding_from.date().isoformat()
                if version.binding_from
                else "",
            },
            path=f"agreement/{version.program_id}/",
            partner_id=partner_id,
            at=at,
        )
    return len(people)
