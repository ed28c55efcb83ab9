"""Reads of customers and revenue for pages, files and rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils.translation import gettext

from partners.directory.models import Partner
from prm.money import Money
from prm.web.domains import canonical_domain
from prm.web.filters import search_words
from referrals.pipeline.models import Referral
from referrals.pipeline.rules import normalised_email
from referrals.revenue.models import PAYMENT_KINDS, Customer, RevenueEvent, RevenueKind

PERIODS = (30, 90, 365)


@dataclass(frozen=True)
class Wanted:
    """What of all revenue is asked for; plain values, so that a job can carry them."""

    words: str = ""
    kind: str = ""
    source: str = ""
    partner_id: str = ""
    days: int = 0

    @property
    def is_narrow(self) -> bool:
        """Whether anything is asked for."""
        return self != Wanted()

    def rows(self, today: date) -> QuerySet[RevenueEvent]:
        """Return those rows, in no order. Words: a reference, a customer's name by its start, a number."""
        found = RevenueEvent.objects.select_related("customer", "customer__partner")
        if self.words:
            starts = Customer.objects.annotate(lower_name=Lower("name")).filter(
                lower_name__startswith=self.words.lower()
            )
            numbered = Referral.objects.filter(number=self.words.upper())
            found = found.filter(
                Q(external_id=self.words)
                | Q(customer_id__in=starts.values("id"))
                | Q(referral_id__in=numbered.values("id")),
            )
        if self.kind == "payments":
            found = found.filter(kind__in=PAYMENT_KINDS)
        elif self.kind == "open":
            found = found.filter(received_minor__lt=F("amount_minor"))
        elif self.kind:
            found = found.filter(kind=self.kind)
        if self.source:
            found = found.filter(source=self.source)
        if self.partner_id:
            found = found.filter(partner_id=self.partner_id)
        if self.days:
            found = found.filter(booked_on__gte=today - timedelta(days=self.days))
        return found


def wanted_from(params: QueryDict) -> Wanted:
    """Read the address; what is not understood counts as not asked."""
    kind, source, days = params.get("kind", ""), params.get("source", ""), params.get("booked", "")
    return Wanted(
        words=search_words(params),
        kind=kind if kind in {*RevenueKind.values, "payments", "open"} else "",
        source=source if source in {"won", "form", "csv", "import", "api"} else "",
        partner_id=str(_uuid(params.get("partner", "")) or ""),
        days=int(days) if days in {str(period) for period in PERIODS} else 0,
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def partner_choices(limit: int = 200) -> list[tuple[str, str]]:
    """Return partners by name for a filter; with more than `limit` the search is the way."""
    return [
        (str(key), name)
        for key, name in Partner.objects.order_by("name", "id").values_list("id", "name")[:limit]
    ]


def revenue_lines(rows: QuerySet[RevenueEvent]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows as a file holds them, newest first; refunds are negative."""
    for row in (
        rows.select_related("referral", "refunds")
        .order_by("-booked_at", "-id")
        .iterator(chunk_size=2000)
    ):
        sign = 1 if row.kind in PAYMENT_KINDS else -1
        yield (
            row.external_id,
            row.kind,
            row.booked_on,
            row.customer.name,
            row.referral.number,
            row.customer.partner.name,
            Money(sign * row.amount_minor, row.currency),
            row.currency,
            Money(row.refunded_minor, row.currency),
            row.refunds.external_id if row.refunds else "",
            row.source,
            row.note,
            Money(row.tax_minor, row.currency),
            Money(row.discount_minor, row.currency),
            row.product,
            row.term_months,
            "" if row.received_minor is None else Money(row.received_minor, row.currency),
        )


def revenue_header() -> list[str]:
    """Return the heading line of the file."""
    return [
        gettext("Reference"),
        gettext("Kind"),
        gettext("Booked on"),
        gettext("Customer"),
        gettext("Referral"),
        gettext("Partner"),
        gettext("Amount"),
        gettext("Currency"),
        gettext("Given back"),
        gettext("Payment taken back"),
        gettext("From"),
        gettext("Note"),
        gettext("Tax in the amount"),
        gettext("Discount in the amount"),
        gettext("Product"),
        gettext("Months"),
        gettext("Received"),
    ]


def customers_like(words: str) -> QuerySet[Customer]:
    """Return customers whose name starts so, or with this referral number, reference, website or email."""
    found = Customer.objects.select_related("partner", "referral").annotate(
        lower_name=Lower("name")
    )
    if words:
        domain, email = canonical_domain(words), normalised_email(words)
        found = found.filter(
            Q(lower_name__startswith=words.lower())
            | Q(referral__number=words.upper())
            | Q(external_id=words)
            | (Q(domain=domain) if domain else Q(pk=None))
            | (Q(email_norm=email) if email else Q(pk=None)),
        )
    return found


class CustomerUnknown(LookupError):
    """No customer, or more than one, is meant by a word of a file."""


def customer_named(word: str) -> Customer:
    """Return the one customer a file means: by referral number, own id, email, website, or whole name, in this order.

    Raises CustomerUnknown when nobody or more than one fits.
    """
    domain, email = canonical_domain(word), normalised_email(word)
    for condition in (
        Q(referral__number=word.upper()),
        Q(external_id=word),
        Q(email_norm=email) if email else None,
        Q(domain=domain) if domain else None,
        Q(name__iexact=word),
    ):
        found = (
            list(Customer.objects.select_related("referral").filter(condition)[:2])
            if condition is not None
            else []
        )
        if len(found) == 1:
            return found[0]
        if found:
            raise CustomerUnknown("several")
    raise CustomerUnknown("none")
