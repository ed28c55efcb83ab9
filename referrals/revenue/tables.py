"""Lists of revenue and customers."""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.web.formats import day_text, money_text
from prm.web.marks import NOTHING
from prm.web.tables import BadgeColumn, Column, DayColumn, Table, ident, two_lines
from referrals.revenue.models import PAYMENT_KINDS, Customer, RevenueEvent, RevenueKind

SOURCES = {
    "won": _("Deal won"),
    "form": _("Entered here"),
    "csv": _("Uploaded file"),
    "import": _("Import"),
    "api": _("API"),
}


class RevenueTable(Table):
    """What was booked, newest first."""

    caption = _("Payments and refunds, newest first")
    customer = Column(_("Customer"), row_header=True)
    partner = Column(_("Partner"), priority=2, accessor="customer__partner__name")
    kind = BadgeColumn(
        _("Kind"),
        priority=2,
        tones={RevenueKind.REFUND: "warn", RevenueKind.CHARGEBACK: "bad"},
        labels=dict(RevenueKind.choices),
    )
    booked = DayColumn(_("Booked on"), sort="booked", accessor="booked_on", priority=2)
    source = Column(_("From"), priority=3, css="muted")
    amount = Column(_("Amount"), end=True, accessor="amount_minor")
    action = Column("", accessor="id", end=True, css="tight")

    def render_customer(self, record: RevenueEvent) -> SafeString:
        return ident(
            record.customer.name,
            reverse("referrals:manage-referral-detail", kwargs={"referral_id": record.referral_id}),
            sub=record.reference,
            hue=record.customer_id,
            narrow=f"{RevenueKind(record.kind).label}, {day_text(record.booked_on, 'medium')}",
        )

    def render_source(self, record: RevenueEvent) -> str:
        return str(SOURCES.get(record.source, record.source))

    def render_amount(self, record: RevenueEvent) -> SafeString:
        """Show refunds as what they take, payments with what was given back on them."""
        sign = 1 if record.kind in PAYMENT_KINDS else -1
        amount = format_html(
            '<span class="money">{}</span>', money_text(sign * record.amount_minor, record.currency)
        )
        notes = []
        if record.received_minor is not None:
            notes.append(
                gettext("%(amount)s received")
                % {"amount": money_text(record.received_minor, record.currency)}
            )
        if record.refunded_minor:
            notes.append(
                gettext("%(amount)s given back")
                % {"amount": money_text(record.refunded_minor, record.currency)}
            )
        return two_lines(amount, ", ".join(notes)) if notes else amount

    def render_action(self, record: RevenueEvent) -> SafeString:
        """Offer the money an invoice waits for before a refund, which that page leads to as well."""
        if record.kind not in PAYMENT_KINDS or record.refunded_minor >= record.amount_minor:
            return NOTHING
        name, words = (
            ("revenue-receive", gettext("Receive"))
            if record.outstanding_minor
            else ("revenue-refund", gettext("Refund"))
        )
        return format_html(
            '<a class="btn btn--sm" href="{}">{}<span class="vh">: {}</span></a>',
            reverse(f"referrals:{name}", kwargs={"revenue_event_id": record.id}),
            words,
            record.reference or record.customer.name,
        )


class CustomerTable(Table):
    """Customers to record a payment for."""

    caption = _("Customers that fit the search")
    name = Column(_("Customer"), row_header=True)
    partner = Column(_("Partner"), priority=2, accessor="partner__name")
    since = DayColumn(_("Customer since"), priority=2)
    payments = Column(_("Payments"), end=True, accessor="payment_count", priority=3)
    action = Column("", accessor="id", end=True, css="tight")

    def render_name(self, record: Customer) -> SafeString:
        sub = ", ".join(filter(None, [record.referral.number, record.domain, record.external_id]))
        return ident(
            record.name, _payment_url(record), sub=sub, hue=record.id, narrow=record.partner.name
        )

    def render_action(self, record: Customer) -> SafeString:
        return format_html(
            '<a class="btn btn--sm" href="{}">{}<span class="vh">: {}</span></a>',
            _payment_url(record),
            gettext("Record payment"),
            record.name,
        )


def _payment_url(customer: Customer) -> str:
    return reverse("referrals:revenue-new") + f"?customer={customer.id}"


def source_label(source: str) -> Any:
    """Return where a row came from, in words."""
    return SOURCES.get(source, source)
