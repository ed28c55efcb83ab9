"""Sections this slice adds beside a referral: who must approve it, and whether the reader follows it."""

from django.urls import reverse
from django.utils.safestring import SafeString

from partners.programs.models import Program
from partners.programs.panels import fills_rules
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.web.formats import day_text
from referrals.pipeline.approvals import approvals_of, next_approval, routes_of
from referrals.pipeline.deadlines import rules_of
from referrals.pipeline.following import follows
from referrals.pipeline.models import CLOSED_KINDS, Referral, StageKind
from referrals.pipeline.panels import Panel, adds, sections


@adds("referral.aside", order=30)
def approvals_section(referral: Referral, member: Member) -> Panel | None:
    """Show the vendor's people who has approved and who is next; partners hear only when it is accepted."""
    if not member.is_staff or referral.stage_kind != StageKind.SUBMITTED:
        return None
    approvals = approvals_of([referral.id]).get(referral.id, [])
    if not approvals:
        return None
    waiting = next_approval(approvals)
    rows = [
        (str(row.approver), day_text(row.given_at) if row.given_at else "", row is waiting)
        for row in approvals
    ]
    return Panel(
        "referrals/pipeline/approvals_section.html",
        {"route": approvals[0].route.name, "rows": rows},
    )


@adds("referral.aside", order=80)
def following_section(referral: Referral, member: Member) -> Panel | None:
    """Let a reader hear of every step; the sender hears anyway."""
    if referral.stage_kind in CLOSED_KINDS or referral.submitted_by_id == member.user_id:
        return None
    if member.viewing:
        return None
    name = "referrals:manage-referral-follow" if member.is_staff else "referrals:referral-follow"
    return Panel(
        "referrals/pipeline/following_section.html",
        {
            "follows": follows(referral, member.user_id),
            "url": reverse(name, kwargs={"referral_id": referral.id}),
        },
    )


@adds("program.rules", order=10)
def answers_of_program(program: Program, member: Member) -> Panel | None:
    """Show what a program does about answers, with the way to change it."""
    edit = reverse("referrals:answers-edit", kwargs={"program_id": program.id})
    return Panel(
        "referrals/pipeline/answers_of_program.html",
        {
            "rules": rules_of(program.id),
            "routes": routes_of(program.id),
            "edit_url": edit if member.may(Capability.EDIT_PROGRAMS) else "",
        },
    )


@fills_rules
def rules_of_program(program: Program, member: Member) -> SafeString:
    """Show on a program's page what each slice lets it decide about its referrals."""
    return sections("program.rules", program, member)
