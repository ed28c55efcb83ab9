"""A program's rules for sharing, with what holds where nobody set any."""

from uuid import UUID

from referrals.sharing.models import Consent, SharingRules
from referrals.sharing.rules import LEAD_FIELDS

DEFAULTS = {
    "cookie_days": 90,
    "consent": Consent.ASK,
    "approve_pages": True,
    "double_minutes": 30,
    "disclosure": {},
    "lead_fields": ["phone", "message"],
}
FIELDS = tuple(DEFAULTS)


def sharing_rules(program_id: UUID) -> SharingRules:
    """Return the program's rules; an unsaved row with the defaults where it has none."""
    found = SharingRules.objects.filter(program_id=program_id).first()
    return found or SharingRules(program_id=program_id, **DEFAULTS)


def asked_fields(rules: SharingRules) -> list[str]:
    """Return the optional questions of the lead form in their order."""
    return [name for name in LEAD_FIELDS if name in rules.lead_fields]
