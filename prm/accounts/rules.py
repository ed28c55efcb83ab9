"""Pure rules about roles: which fit together, and who may invite whom."""

from collections.abc import Iterable
from datetime import timedelta

from prm.accounts.capabilities import PARTNER_ROLES, STAFF_ROLES, Capability, Role

# THREATS.md, S20: an invitation is good for seven days at most.
INVITATION_LIFE = timedelta(days=7)
# An invitation that nobody answered is followed by one reminder.
REMINDED_AFTER = timedelta(days=3)


def roles_fit(roles: Iterable[str], *, in_partner: bool) -> bool:
    """Tell whether the roles are at least one and all of the partner's kind, or all of the vendor's."""
    chosen = set(roles)
    return bool(chosen) and chosen <= set(PARTNER_ROLES if in_partner else STAFF_ROLES)


def ruling_role(*, in_partner: bool) -> Role:
    """Return the role of which one person must always remain."""
    return Role.PARTNER_ADMIN if in_partner else Role.PROGRAM_ADMIN


def right_to_invite(*, in_partner: bool) -> frozenset[Capability]:
    """Return the rights of which staff need one to invite somebody to a partner, or to the vendor's staff."""
    return frozenset({Capability.EDIT_PARTNERS if in_partner else Capability.MANAGE_STAFF})


def tidy_email(email: str) -> str:
    """Return the address as it is stored and compared."""
    return email.strip().lower()
