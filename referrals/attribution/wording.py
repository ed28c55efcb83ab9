"""Rules, contacts and signs in plain words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from prm.web.formats import number_text, percent_text
from referrals.attribution.models import TouchKind

RULE_NAMES = {
    "first_registration": _("First registration"),
    "last_registration": _("Last registration"),
    "first_click": _("First click"),
    "last_click": _("Last click"),
    "registration_without_click": _("Registration, since nobody clicked"),
    "existing_customer": _("Existing customer"),
    "existing_customer_review": _("Existing customer, a person looks"),
    "direct_sales": _("The vendor's own sales came first"),
    "nothing_counts": _("Nothing counts"),
    "by_hand": _("Decision of a person"),
    "split": _("Shared work"),
    "evidence": _("Evidence of earlier work"),
    "agreement": _("Agreement of the partners"),
}
# Those that a person may name when deciding a case.
DECIDING_RULES = (
    "first_registration",
    "last_registration",
    "first_click",
    "last_click",
    "evidence",
    "agreement",
    "split",
    "existing_customer",
    "direct_sales",
)
_SENTENCES = {
    "first_registration": _(
        "The partner that registered the company first within %(days)s days gets the credit."
    ),
    "last_registration": _(
        "The partner that registered the company last within %(days)s days gets the credit."
    ),
    "first_click": _(
        "The partner whose link or code was used first within %(days)s days gets the credit."
    ),
    "last_click": _(
        "The partner whose link or code was used last within %(days)s days gets the credit."
    ),
    "registration_without_click": _(
        "Nobody's link or code was used within %(days)s days, so the registration decides."
    ),
    "existing_customer": _("The company was a customer before: this program gives no credit."),
    "existing_customer_review": _(
        "The company was a customer before: a person decides who gets the credit."
    ),
    "direct_sales": _(
        "The vendor's own people worked on the company in the %(direct)s days before: no credit."
    ),
    "nothing_counts": _("No contact within %(days)s days counts, so nobody gets the credit."),
    "by_hand": _("A person of the vendor decided."),
    "split": _("Several partners worked on it and share the credit."),
    "evidence": _("Evidence of earlier work with the company decided."),
    "agreement": _("The partners agreed on it."),
}
WHY = {
    "decided": _("Decided"),
    "counted": _("Counted"),
    "too_old": _("Too long ago"),
    "other_kind": _("Another kind than this program counts"),
    "own_sales": _("The vendor's own work"),
    "too_late": _("Came afterwards"),
}
SIGNALS = {
    "own_person": _("The contact is a person of the partner"),
    "own_domain": _("The company has the partner's own domain"),
    "own_tax_number": _("The company has the partner's tax number"),
    "own_name": _("The company has the partner's name"),
    "linked_company": _("The company shares bank account or address with the partner"),
    "partner_domain": _("The company has another partner's domain"),
    "velocity": _("Very many referrals within 24 hours"),
}


def rule_name(code: str) -> str:
    """Return a rule's name."""
    return str(RULE_NAMES.get(code, code))


def rule_sentence(code: str, settings: Mapping[str, Any]) -> str:
    """Return what a rule says, with the numbers in force when it decided."""
    numbers = {
        "days": number_text(settings.get("window_days", 0)),
        "direct": number_text(settings.get("direct_days", 0)),
    }
    return str(_SENTENCES.get(code, _SENTENCES["by_hand"])) % numbers


@dataclass(frozen=True)
class ContactLine:
    """One contact as a page lists it; at: aware UTC."""

    at: datetime
    what: str
    who: str
    why: str
    decided: bool


def contact_lines(
    stored: Sequence[Mapping[str, Any]], names: Mapping[str, str] | None = None
) -> list[ContactLine]:
    """Return stored contacts in words. names: partners by id, for staff; without, others are another partner."""
    return [
        ContactLine(
            datetime.fromisoformat(row["at"]),
            str(TouchKind(row["kind"]).label),
            _who(row, names),
            str(WHY[row["why"]]),
            row["why"] == "decided",
        )
        for row in stored
    ]


def _who(row: Mapping[str, Any], names: Mapping[str, str] | None) -> str:
    if names is None:
        return gettext("Your company") if row["own"] else gettext("Another partner")
    return names.get(row["partner"] or "", gettext("The vendor's own sales"))


def signal_words(kind: str, facts: Mapping[str, Any]) -> str:
    """Return a sign in words, with the count where it is one."""
    if kind == "velocity":
        return ngettext(
            "%(count)s referral within 24 hours",
            "%(count)s referrals within 24 hours",
            facts["count"],
        ) % {"count": number_text(facts["count"])}
    return str(SIGNALS.get(kind, kind))


def share_words(share: int, pool: int = 10_000) -> str:
    """Return a part of everything as a percentage; both in ten-thousandths."""
    return percent_text(share * pool / 100_000_000, digits=2)
