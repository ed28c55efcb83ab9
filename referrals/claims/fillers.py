"""What claims show on a referral's page, and their part of merges and erasures."""

from django.utils import timezone

from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from referrals.claims import forgetting, merging  # noqa: F401  register themselves
from referrals.claims.models import ClaimEnd
from referrals.claims.pages import claim_page, pairs_of
from referrals.claims.selectors import matches_of, rules_of
from referrals.pipeline.models import OPEN_KINDS, Referral
from referrals.pipeline.panels import Panel, adds


@adds("referral.main", order=18)
def lookalikes(referral: Referral, member: Member) -> Panel | None:
    """Show the vendor's people what may be the same company, also in their CRM."""
    if not member.is_staff:
        return None
    found = matches_of([referral], similar=referral.stage_kind in OPEN_KINDS).get(referral.id, [])
    if not found:
        return None
    pairs = pairs_of(referral.id)
    rows = [(one, pairs.get(one.other[1])) for one in found]
    return Panel("referrals/claims/lookalikes.html", {"referral": referral, "rows": rows})


@adds("referral.main", order=20)
def protection(referral: Referral, member: Member) -> Panel | None:
    """Show until when the account is protected, what was asked, and what can be done about it."""
    page = claim_page(referral, at=timezone.now())
    if page is None or page.claim.ended_why == ClaimEnd.WON:
        return None  # a customer is nobody's to protect, nor free for others
    context = {
        "page": page,
        "referral": referral,
        "is_staff": member.is_staff,
        "may_decide": member.may(Capability.DECIDE_REFERRALS),
        "may_ask": member.may(Capability.SUBMIT_REFERRAL) and not member.is_staff,
    }
    return Panel("referrals/claims/protection.html", context)


@adds("program.rules", order=20)
def rules_line(program: Program, member: Member) -> Panel:
    """Show how a program protects companies, with the way to change it."""
    context = {
        "program": program,
        "rules": rules_of(program.id),
        "may_edit": member.may(Capability.EDIT_PROGRAMS),
    }
    return Panel("referrals/claims/rules_line.html", context)
