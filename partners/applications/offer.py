"""What a program's public page says, from live settings and real cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from partners.agreements.selectors import has_agreement, merged_for, version_in_force
from partners.applications.models import Admission, AdmissionMode
from partners.applications.panels import Onboarding, Pays, filled
from partners.applications.selectors import PublicProgram, Typical, decision_time
from partners.programs.models import Program
from partners.programs.texts import rendered, said
from prm.web.choices import country_name
from prm.web.formats import number_text


@dataclass(frozen=True)
class Offer:
    """One program as a visitor reads it."""

    program: Program
    admission: Admission
    text: SafeString
    pays: Pays | None
    cycle: Typical | None
    onboarding: Onboarding | None
    decisions: Typical
    who: Sequence[str]
    mode: str
    promise: str
    protection: str
    agreement: bool


def offer_of(found: PublicProgram, at: datetime) -> Offer:
    """Return what the page says at a moment, in the reader's language."""
    program, admission = found.program, found.admission
    language = get_language() or "en"
    return Offer(
        program=program,
        admission=admission,
        text=rendered(said(admission.page_text, language)),
        pays=filled("pays", program, at),
        cycle=filled("cycle", program, at),
        onboarding=filled("onboarding", program, at),
        decisions=decision_time(program.id, at),
        who=who_may_apply(admission),
        mode=mode_words(admission),
        promise=promise_words(admission),
        protection=protection_words(program),
        agreement=has_agreement(program.id),
    )


def mode_words(admission: Admission) -> str:
    """Return who decides on an application, as a sentence."""
    return {
        AdmissionMode.MANUAL: _("A person reads every application and decides."),
        AdmissionMode.AUTOMATIC: _("Everybody whose answers fit is in at once."),
        AdmissionMode.RULES: _(
            "Clear cases are decided at once by fixed rules, the rest by a person."
        ),
        AdmissionMode.INVITATION: _("This program is open to invited companies only."),
        AdmissionMode.COURSE: _("Whoever passes a short online course is in."),
    }[AdmissionMode(admission.mode)]


def promise_words(admission: Admission) -> str:
    """Return by when the vendor promises to decide, as a sentence; empty where nobody waits for a person."""
    if admission.mode in {AdmissionMode.AUTOMATIC, AdmissionMode.COURSE}:
        return ""
    return ngettext(
        "You get an answer within %(days)s day, with the reason if it is a no.",
        "You get an answer within %(days)s days, with the reason if it is a no.",
        admission.decide_days,
    ) % {"days": number_text(admission.decide_days)}


def protection_words(program: Program) -> str:
    """Return how long an accepted referral belongs to its partner alone, as a sentence."""
    if not program.protection_days:
        return ""
    return ngettext(
        "A referral we accept is yours alone for %(days)s day.",
        "A referral we accept is yours alone for %(days)s days.",
        program.protection_days,
    ) % {"days": number_text(program.protection_days)}


def who_may_apply(admission: Admission) -> list[str]:
    """Return what an applicant needs, from the questions that knock out and the rules, as sentences."""
    found = []
    rules: dict[str, Any] = admission.rules or {}
    countries = rules.get("countries") or []
    for question in admission.questions:
        if question["type"] == "country" and question["countries"]:
            countries = question["countries"]
    if countries:
        names = ", ".join(sorted(country_name(code) for code in countries))
        found.append(_("Companies from: %(countries)s") % {"countries": names})
    if rules.get("own_domain"):
        found.append(_("Companies with a web domain of their own"))
    return found


def public_agreement(program: Program, at: datetime) -> SafeString:
    """Return the agreement that new partners accept, with the terms of the moment, as HTML; empty without one."""
    version = version_in_force(program.id, at)
    if version is None:
        return SafeString("")
    language = get_language() or "en"
    return rendered(merged_for(version, partner=None, language=language, at=at).text)
