"""What a partner's page shows of its exceptions."""

from django.utils import timezone

from commissions.overrides import merging  # noqa: F401  registers itself
from commissions.overrides.selectors import overrides_for_partner
from commissions.overrides.wording import override_words, span_words, state_badge
from partners.directory.models import Partner
from partners.directory.panels import Panel, fills
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member


@fills("partner.terms")
def own_terms(partner: Partner, member: Member) -> Panel | None:
    """Show what the partner gets instead of its plans, now, soon or when somebody approves it."""
    if not member.may(Capability.SEE_PROGRAMS):
        return None
    now = timezone.now()
    rows = [
        (row, override_words(row), span_words(row), *state_badge(row, now))
        for row in overrides_for_partner(partner.id, now)
    ]
    may_ask = member.may(Capability.EDIT_PARTNERS)
    return Panel(
        "commissions/overrides/of_partner.html",
        {"rows": rows, "partner": partner, "may_ask": may_ask},
    )
