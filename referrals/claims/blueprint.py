"""A program's rules of claims in its copies and files."""

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.programs.templates import BadPart, Reading, Writing, part, table, whole
from referrals.claims.models import ClaimRules
from referrals.claims.rules import DEFAULTS, Settings
from referrals.claims.selectors import rules_of
from referrals.claims.settings import set_claim_rules

# Setting -> least and most.
LIMITS = {
    "base_places": (1, 10_000),
    "floor_places": (1, 10_000),
    "most_places": (1, 10_000),
    "places_per_win": (0, 100),
    "heartbeat_days": (0, 730),
    "heartbeat_warning_days": (1, 90),
    "extension_days": (1, 365),
    "most_extensions": (0, 20),
    "checks_per_day": (1, 1_000),
    "hold_hours": (0, 720),
}


@part("claims", order=20, title=gettext_lazy("Protection of companies"))
class ClaimsPart:
    """The rules as numbers; None while the defaults hold."""

    @staticmethod
    def read(reading: Reading) -> Any:
        """Return the program's own rules."""
        if not ClaimRules.objects.filter(program_id=reading.program.id).exists():
            return None
        return asdict(rules_of(reading.program.id))

    @staticmethod
    def write(data: Any, writing: Writing) -> str:
        """Give the fresh program these rules."""
        given = {**asdict(DEFAULTS), **table(data)}
        settings = Settings(
            **{name: whole(given[name], least, most) for name, (least, most) in LIMITS.items()}
        )
        if not settings.floor_places <= settings.base_places <= settings.most_places:
            raise BadPart(_("The places of a partner are not in order"))
        if 0 < settings.heartbeat_days <= settings.heartbeat_warning_days:
            raise BadPart(_("The warning comes no sooner than the release"))
        set_claim_rules(
            program_id=writing.program.id, settings=settings, actor=writing.actor, at=writing.at
        )
        return _("Rules taken over")
