"""What pages say of tax forms."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext
from django_countries import countries

from commissions.tax.models import FormKind, TaxForm, TaxRequirement, Withholding, WithholdingRule
from commissions.tax.rules import APPROVED, EXPIRED, EXPIRING, MISSING, RECEIVED, REFUSED
from commissions.tax.selectors import Wanted
from partners.directory.models import PartnerType
from prm.web.formats import day_text, moment_text, money_text, percent_text

TONES = {
    MISSING: "warn",
    RECEIVED: "info",
    APPROVED: "ok",
    REFUSED: "bad",
    EXPIRED: "bad",
    EXPIRING: "warn",
}


def state_words(state: str) -> str:
    """Return a state in a word or two."""
    return {
        MISSING: gettext("Missing"),
        RECEIVED: gettext("Being checked"),
        APPROVED: gettext("Approved"),
        REFUSED: gettext("Refused"),
        EXPIRED: gettext("Expired"),
        EXPIRING: gettext("Ends soon"),
    }[state]


def wanted_words(row: Wanted) -> str:
    """Return what a partner has to know of a form it owes."""
    newest = row.newest
    if row.state == REFUSED and newest:
        return newest.note
    if row.state == RECEIVED and newest and newest.is_reopened:
        return gettext(
            "Your country changed after it was approved. A person of finance checks it again; payouts wait."
        )
    if row.state == APPROVED and newest and newest.valid_until:
        return gettext("Counts until %(day)s.") % {"day": day_text(newest.valid_until)}
    return {
        MISSING: gettext("Payouts wait for it; what you earn goes on."),
        RECEIVED: gettext("A person of finance checks it; payouts wait."),
        EXPIRED: gettext("Payouts wait for a new one."),
    }.get(row.state, "")


def rate_words(rate: Decimal, share: Decimal) -> str:
    """Return a rule of withholding: "23% of 50%"."""
    rated = percent_text(rate, digits=2)
    if share == 1:
        return rated
    return gettext("%(rate)s of %(share)s") % {
        "rate": rated,
        "share": percent_text(share, digits=2),
    }


def withheld_words(tax: Withholding) -> str:
    """Return what was kept back from a payment, and of what."""
    return gettext("%(amount)s, %(rate)s of %(base)s") % {
        "amount": money_text(tax.amount_minor, tax.currency),
        "rate": rate_words(tax.rate, tax.share),
        "base": money_text(tax.base_minor, tax.currency),
    }


def rule_span(row: WithholdingRule) -> str:
    """Return on which days a rule counts."""
    start = day_text(row.starts_on, "medium")
    if row.ends_on is None:
        return gettext("from %(day)s") % {"day": start}
    return gettext("%(start)s to %(end)s") % {
        "start": start,
        "end": day_text(row.ends_on, "medium"),
    }


def form_facts(form: TaxForm, number: str) -> list[tuple[str, Any]]:
    """Return one form as facts, with its number in full for those who check it."""
    partner = form.partner
    facts = [
        (gettext("Partner"), partner.name),
        (gettext("Legal name"), partner.legal_name),
        (gettext("Country"), str(countries.name(partner.country) or "")),
        (gettext("Tax number on file"), partner.tax_number),
        (str(FormKind(form.form).label), number),
        (gettext("Sent"), _by(form.sent_at, form.sent_by)),
        (
            gettext("Checked again because"),
            gettext("The country changed after it was approved.") if form.is_reopened else "",
        ),
        (gettext("Decided"), _by(form.decided_at, form.decided_by) if form.decided_at else ""),
        (gettext("Counts until"), day_text(form.valid_until) if form.valid_until else ""),
        (gettext("What is wrong"), form.note),
    ]
    return [(term, value) for term, value in facts if value]


def _by(at: Any, person: Any) -> str:
    if person is None:
        return moment_text(at)
    return gettext("%(moment)s by %(name)s") % {
        "moment": moment_text(at),
        "name": person.get_full_name(),
    }


def requirement_words(row: TaxRequirement | WithholdingRule) -> str:
    """Return whom a row is about: a country and a kind of partner."""
    where = str(countries.name(row.country)) if row.country else gettext("Every country")
    who = PartnerType(row.partner_type).label if row.partner_type else gettext("every kind")
    return f"{where}, {who}"
