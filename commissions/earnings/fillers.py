"""What a partner's page shows of money."""

from commissions.ledger.selectors import partner_balances
from partners.directory.models import Partner
from partners.directory.panels import Panel, fills
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
