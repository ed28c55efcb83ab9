"""What the pages of a partner and of a program show of money."""

from django.utils import timezone

from commissions.ledger.selectors import partner_balances
from commissions.plans.selectors import terms_in_force
from commissions.plans.wording import term_lines
from partners.directory.models import Partner
from partners.directory.panels import Panel, fills
from partners.programs.models import Program
from partners.programs.panels import fills_plan
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member


@fills("partner.earnings")
def balances(partner: Partner, member: Member) -> Panel | None:
    """Show what the partner is owed, to those who may see money."""
    if not member.may(Capability.SEE_MONEY):
        return None
    return Panel(
        "commissions/earnings/of_partner.html",
        {"balances": partner_balances(partner.id), "partner": partner},
    )


@fills_plan
def plan(program: Program) -> tuple[str, dict[str, object]]:
    """Show in sentences what the program pays for referrals registered now."""
    version = terms_in_force(program.id, timezone.now())
    lines = term_lines(version) if version else []
    return "commissions/plans/of_program.html", {"lines": lines, "program": program}
