"""Tiers on the pages of packages below: the rules of a program, the place of a partner."""

from commissions.tiers import merging  # noqa: F401  registers itself
from commissions.tiers.models import Tier
from commissions.tiers.pages import tier_places
from partners.directory.models import Partner
from partners.directory.panels import Panel as PartnerPanel
from partners.directory.panels import fills
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from referrals.pipeline.panels import Panel, adds


@adds("program.rules", order=80)
def tiers_line(program: Program, member: Member) -> Panel | None:
    """Show a program's tiers by name, with the way to them."""
    if not member.may(Capability.SEE_PROGRAMS):
        return None
    names = list(
        Tier.objects.filter(program_id=program.id)
        .order_by("position")
        .values_list("name", flat=True)
    )
    return Panel("commissions/tiers/rules_line.html", {"program": program, "names": names})


@fills("partner.tiers")
def partner_tiers(partner: Partner, member: Member) -> PartnerPanel | None:
    """Show staff where a partner stands."""
    if not member.may(Capability.SEE_PROGRAMS):
        return None
    rows = tier_places(partner.id)
    return PartnerPanel("commissions/tiers/of_partner.html", {"rows": rows}) if rows else None
