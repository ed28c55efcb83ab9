"""What the pages of a partner and of a program show of money."""

from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from commissions.earnings import moving  # noqa: F401  fills the money of a change of credit
from commissions.earnings.agreement_terms import effect_of_new_terms, terms_for_agreement
from commissions.ledger.selectors import partner_balances
from commissions.plans.selectors import terms_in_force
from commissions.plans.wording import hold_words, reward_name, rule_words, term_lines
from commissions.plans.wording_terms import policy_lines
from partners.agreements.panels import fills_effect, fills_terms
from partners.applications.panels import Pays
from partners.applications.panels import fills as fills_public
from partners.directory.models import Partner
from partners.directory.panels import Panel, fills
from partners.programs.models import Program
from partners.programs.panels import fills_plan
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.web.formats import money_text


@fills("partner.earnings")
def balances(partner: Partner, member: Member) -> Panel | None:
    """Show what the partner is owed, to those who may see money, and to others the way to its calendar."""
    sees_money = member.may(Capability.SEE_MONEY)
    context = {
        "balances": partner_balances(partner.id) if sees_money else [],
        "partner": partner,
        "sees_money": sees_money,
    }
    return Panel("commissions/earnings/of_partner.html", context)


@fills_plan
def plan(program: Program) -> tuple[str, dict[str, object]]:
    """Show in sentences what the program pays for referrals registered now."""
    version = terms_in_force(program.id, timezone.now())
    lines = term_lines(version) if version else []
    return "commissions/plans/of_program.html", {"lines": lines, "program": program}


fills_terms(terms_for_agreement)
fills_effect(effect_of_new_terms)


@fills_public("pays")
def pays(program: Program, at: datetime) -> Pays | None:
    """Say on the public page what the plan in force pays."""
    version = terms_in_force(program.id, at)
    if version is None:
        return None
    minimum = (
        _("Payouts start at %(amount)s; less is carried forward.")
        % {"amount": money_text(version.minimum_payout_minor, version.currency)}
        if version.minimum_payout_minor
        else ""
    )
    return Pays(
        lines=[
            *[(reward_name(rule), rule_words(rule, version.currency)) for rule in version.rules],
            *policy_lines(version.policy, version.currency),
        ],
        hold=f"{hold_words(version.hold_days)}.",
        minimum=minimum,
        version_number=version.number,
        starts_at=version.starts_at,
        url=reverse("commissions:join-earnings", kwargs={"program": program.slug}),
    )
