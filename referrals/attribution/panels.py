"""Sections of attribution on a referral's page and on a program's."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.web.parts import Entry
from referrals.attribution.models import Case, CaseParty, Credit
from referrals.attribution.rules import WHOLE
from referrals.attribution.selectors import (
    explanation_for,
    last_hold,
    live_credits,
    moves_of,
    newest_decision,
    open_hold,
    settings_of,
)
from referrals.attribution.wording import (
    contact_lines,
    rule_name,
    rule_sentence,
    share_words,
    signal_words,
)
from referrals.pipeline.models import Referral, StageKind
from referrals.pipeline.panels import Panel, adds, adds_to_timeline


@adds("referral.main", order=10)
def hold_section(referral: Referral, member: Member) -> Panel | None:
    """Say that a person looks at the referral; to staff also why, and where it is decided."""
    if referral.held_at is None:
        return None
    if not member.is_staff:
        # The page of a declined submission says so above, with the same words.
        if referral.stage_kind == StageKind.REJECTED:
            return None
        return Panel("referrals/attribution/held.html", {"referral": referral})
    held = open_hold(referral.id)
    may_decide = member.may(Capability.DECIDE_REFERRALS)
    context = {
        "referral": referral,
        "signs": [signal_words(row.kind, row.facts) for row in held.signals] if held else [],
        "hold": held.hold if held else None,
        "past": None if held else last_hold(referral.id),
        "url": _url("manage-hold", referral) if may_decide and held else "",
    }
    return Panel("referrals/attribution/held_staff.html", context)


@adds_to_timeline
def declined_entry(referral: Referral, _member: Member) -> list[Entry]:
    """Say when and why it was declined after a review; a declined submission has a step that says so."""
    if referral.declined_at is None or referral.stage_kind == StageKind.REJECTED:
        return []
    words, reason = gettext("Declined after a review"), referral.declined_reason
    return [Entry(text=words, at=referral.declined_at, icon="x", tone="off", note=reason)]


def _url(name: str, referral: Referral) -> str:
    return reverse(f"referrals:{name}", kwargs={"referral_id": referral.id})


@adds("referral.later", order=40)
def credit_section(referral: Referral, member: Member) -> Panel | None:
    """Explain who is credited and why, as far as the reader may know, and lead to the case."""
    shares = live_credits([referral.id]).get(referral.id, [])
    context = (
        _for_staff(referral, member, shares)
        if member.is_staff
        else _for_partner(referral, member, shares)
    )
    return Panel("referrals/attribution/credit_section.html", context) if context else None


def _for_partner(referral: Referral, member: Member, shares: list[Credit]) -> dict[str, Any] | None:
    found = explanation_for(referral.id, member)
    case = (
        CaseParty.objects.filter(partner_id=member.own_partner_id, referral_id=referral.id)
        .order_by("-opened_at")
        .first()
    )
    if found is None and case is None and not shares:
        return None
    # Who has it all has nothing to object to.
    has_all = bool(found and found.is_winner) and all(
        row.share == row.pool == WHOLE for row in shares
    )
    may_object = not has_all and (case is None or case.state == "final")
    return {
        "referral": referral,
        "staff": False,
        "rule": rule_name(found.rule) if found else "",
        "sentence": rule_sentence(found.rule, found.settings) if found else "",
        "is_winner": found.is_winner if found else None,
        "lines": contact_lines(found.lines) if found else [],
        "shares": [
            (str(row.get_role_display()), share_words(row.share, row.pool)) for row in shares
        ],
        "case": case,
        "case_url": reverse("referrals:case-detail", kwargs={"case_id": case.case_id})
        if case
        else "",
        "object_url": _url("case-new", referral) if may_object else "",
    }


def _for_staff(referral: Referral, member: Member, shares: list[Credit]) -> dict[str, Any]:
    decision = newest_decision(referral.id)
    may_decide = member.may(Capability.DECIDE_REFERRALS)
    case = (
        (Case.objects.filter(subject_id=referral.id) | Case.objects.filter(referral_id=referral.id))
        .order_by("-opened_at")
        .first()
    )
    return {
        "referral": referral,
        "staff": True,
        "rule": rule_name(decision.rule) if decision else "",
        "sentence": rule_sentence(decision.rule, decision.settings) if decision else "",
        "winner": decision.winner if decision else None,
        "elsewhere": bool(
            decision and decision.winner_id and decision.winner_id != referral.partner_id
        ),
        "reason": decision.reason if decision else "",
        "lines": contact_lines(decision.considered, partner_names(decision.considered))
        if decision
        else [],
        "shares": [
            (
                f"{row.partner.name}, {row.get_role_display()}",
                share_words(row.share, row.pool),
            )
            for row in shares
        ],
        "moves": moves_of(referral.id),
        "case": case,
        "case_url": (
            reverse("referrals:manage-case-detail", kwargs={"case_id": case.id}) if case else ""
        ),
        "credit_url": _url("manage-credit", referral) if may_decide else "",
        "hold_url": _url("manage-hold", referral) if may_decide and not referral.held_at else "",
    }


def partner_names(considered: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the names of the partners among contacts, by id as text."""
    ids = {row["partner"] for row in considered if row["partner"]}
    return {
        str(key): name for key, name in Partner.objects.filter(id__in=ids).values_list("id", "name")
    }


@adds("program.rules", order=40)
def rules_section(program: Program, member: Member) -> Panel | None:
    """Show how the program finds who gets the credit."""
    settings = settings_of(program.id)
    may_edit = member.may(Capability.EDIT_PROGRAMS)
    url = reverse("referrals:attribution-rules", kwargs={"program_id": program.id})
    return Panel(
        "referrals/attribution/rules_section.html",
        {"settings": settings, "url": url if may_edit else ""},
    )
