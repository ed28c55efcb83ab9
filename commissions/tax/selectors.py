"""Reads about tax forms: what a partner owes, what it sent, what keeps it from being paid."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from commissions.ledger.selectors import tenant_zone
from commissions.tax.models import FormKind, TaxForm, TaxRequirement
from commissions.tax.rules import APPROVED, Sent, standing
from partners.directory.models import Partner


@dataclass(frozen=True)
class Wanted:
    """A form that a partner owes, with what it sent last; state as rules.standing says it."""

    form: str
    state: str
    newest: TaxForm | None

    @property
    def label(self) -> str:
        """The form's name."""
        return str(FormKind(self.form).label)


def requirements() -> QuerySet[TaxRequirement]:
    """Return the requirements in force, by country, kind of partner and form."""
    return TaxRequirement.objects.filter(ended_at=None).order_by("country", "partner_type", "form")


def wanted_forms(partner_id: UUID, at: datetime) -> list[Wanted]:
    """Return the forms that a partner owes at a moment (aware UTC), by form."""
    country, kind = Partner.objects.values_list("country", "type").get(id=partner_id)
    wanted = (
        requirements()
        .filter(Q(country="") | Q(country=country), Q(partner_type="") | Q(partner_type=kind))
        .filter(from_at__lte=at)
    )
    sent: dict[str, list[TaxForm]] = defaultdict(list)
    for row in (
        TaxForm.objects.filter(partner_id=partner_id, replaced_at=None)
        .select_related("upload")
        .order_by("sent_at", "id")
    ):
        sent[row.form].append(row)
    today = at.astimezone(tenant_zone()).date()
    return [
        Wanted(
            form,
            standing([Sent(row.state, row.valid_until) for row in sent[form]], today),
            sent[form][-1] if sent[form] else None,
        )
        for form in sorted(set(wanted.values_list("form", flat=True)))
    ]


def tax_block(partner_id: UUID, at: datetime) -> str | None:
    """Return the state of the first form that keeps the partner from being paid; None when nothing does.

    Payment runs ask the same of everybody at once (commissions.payouts.freezing).
    """
    return next((row.state for row in wanted_forms(partner_id, at) if row.state != APPROVED), None)


def listed_forms() -> QuerySet[TaxForm]:
    """Return what partners sent and nothing replaced, with partner, file and people, in no order yet."""
    return TaxForm.objects.filter(replaced_at=None).select_related(
        "partner", "upload", "sent_by", "decided_by"
    )
