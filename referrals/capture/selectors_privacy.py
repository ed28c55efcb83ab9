"""What is known of a person referred, as they and the vendor's people read it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.web.formats import day_text, number_text
from referrals.capture.models import PrivacyDeed, PrivacyEntry, PrivacyNotice, PrivacyRules
from referrals.pipeline.models import Referral
from referrals.sharing.models import Lead


@dataclass(frozen=True)
class Known:
    """What the vendor holds of a person: facts as (term, value), from whom and on what basis."""

    partner: str
    program: str
    relationship: str
    basis: str
    facts: list[tuple[str, str]]
    is_open: bool
    # Whether the partner does not see the contact either.
    is_covered: bool


def known_of(notice: PrivacyNotice) -> Known:
    """Return what a notice's referral holds of its person. notice: loaded with referral, its partner and program."""
    referral = notice.referral
    facts = [
        (_("Name"), referral.contact_name),
        (_("Job title"), referral.contact_title),
        (_("Email"), referral.contact_email),
        (_("Phone"), referral.contact_phone),
        (_("Company"), referral.company),
        (_("What was written about the need"), referral.context),
        *(
            (question["label"], _said(referral, question))
            for question in referral.program.custom_fields
        ),
    ]
    return Known(
        partner=referral.partner.name,
        program=referral.program.name,
        relationship=relationship_words(referral),
        basis=basis_of(referral),
        facts=[(term, value) for term, value in facts if value],
        is_open=referral.closed_at is None,
        is_covered=referral.contact_hidden,
    )


def _said(referral: Referral, question: dict[str, str]) -> str:
    value = referral.custom.get(question["key"], "")
    return (_("Yes") if value else _("No")) if isinstance(value, bool) else str(value)


def basis_of(referral: Referral) -> str:
    """Return the lawful basis in words: the person's own consent, else what the program says, else the usual.

    Who filled in a partner's form has agreed; whom a partner named has not.
    """
    lead = Lead.objects.filter(referral_id=referral.id).only("consent_text", "at").first()
    if lead and lead.consent_text:
        return _("Your consent, given on %(day)s with these words: “%(words)s”") % {
            "day": day_text(lead.at),
            "words": lead.consent_text,
        }
    rules = PrivacyRules.objects.filter(program_id=referral.program_id).first()
    return (rules.basis if rules else "") or usual_basis()


def usual_basis() -> str:
    """Return the lawful basis where the program names none."""
    return _(
        "The legitimate interest of both companies in this one business introduction (Article 6(1)(f) GDPR)."
    )


def relationship_words(referral: Referral) -> str:
    """Return how the partner said it knows the person's company, to that person; empty when it did not say."""
    words = {
        "client": _("Your company is a client of theirs."),
        "supplier": _("Your company is a supplier of theirs."),
        "personal": _("You know each other."),
        "event": _("You met at an event."),
    }
    return words.get(referral.relationship, "")


@dataclass(frozen=True)
class LogLine:
    """One line of the log of a person's notices and requests. who: of the vendor's people, else empty."""

    words: str
    who: str
    effect: str
    at: datetime


def privacy_log(referral: Referral) -> list[LogLine]:
    """Return what happened with the data of a referral's person, oldest first."""
    rows = PrivacyEntry.objects.filter(referral_id=referral.id).select_related("actor")
    return [
        LogLine(
            str(PrivacyDeed(row.deed).label),
            str(row.actor) if row.actor else "",
            _effect(row.effect),
            row.at,
        )
        for row in rows.order_by("at", "id")
    ]


def _effect(effect: dict[str, int]) -> str:
    count = sum(effect.values())
    if not count:
        return ""
    return ngettext("%(count)s row changed", "%(count)s rows changed", count) % {
        "count": number_text(count)
    }
