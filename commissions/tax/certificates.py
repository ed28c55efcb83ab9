"""Certificates of a year: what a partner was paid and what was kept back, numbered, the same for ever."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from commissions.ledger.selectors import tenant_zone
from commissions.tax.models import YearCertificate
from commissions.tax.paper import vendor_facts
from commissions.tax.years import YearTotal, year_totals_of
from partners.directory.models import Partner
from prm.accounts.members import Member
from prm.events.services import Actor, emit
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.tenancy.services import next_number


class NothingPaid(ValueError):
    """The partner was paid nothing in the year."""


@transaction.atomic
def issue_certificate(
    *, partner_id: UUID, year: int, actor: Actor, at: datetime
) -> YearCertificate:
    """Certify what a partner was paid in a year, as the books say now; a running year counts up to today.

    at: aware UTC; today is the vendor's. While the books say the same the newest certificate is returned; when they
    changed, a new one replaces it. Numbers have no gaps in a year. Raises NothingPaid. Emits tax.certificate_issued.
    """
    partner = Partner.objects.select_for_update(no_key=True).get(id=partner_id)
    today = at.astimezone(tenant_zone()).date()
    totals = [_kept(row) for row in year_totals_of(year, partner_id=partner_id)]
    if not totals or year > today.year:
        raise NothingPaid(f"{partner_id} {year}")
    until_on = min(today, date(year, 12, 31))
    last = newest_certificates(year, [partner_id]).get(partner_id)
    if last and last.totals == totals and (last.until_on == until_on or year == today.year):
        return last
    number = f"TC-{year}-{next_number(f'year_certificate:{year}'):04d}"
    parties = _parties(partner)
    row = YearCertificate.objects.create(
        number=number,
        partner_id=partner_id,
        year=year,
        until_on=until_on,
        totals=totals,
        parties=parties,
        digest=_digest([number, year, until_on.isoformat(), totals, parties]),
        issued_by_id=actor.user_id,
        issued_at=at,
        replaces_id=last.id if last else None,
    )
    emit(
        "tax.certificate_issued",
        subject=f"partner:{partner_id}",
        actor=actor,
        partner_id=partner_id,
        payload={"certificate_id": str(row.id), "number": number, "year": year},
        at=at,
    )
    return row


def is_unchanged(row: YearCertificate) -> bool:
    """Tell whether a certificate still says what it said when it was issued."""
    content = [row.number, row.year, row.until_on.isoformat(), row.totals, row.parties]
    return row.digest == _digest(content)


def newest_certificates(year: int, partner_ids: Iterable[UUID]) -> dict[UUID, YearCertificate]:
    """Return the newest certificate of a year by partner."""
    rows = YearCertificate.objects.filter(year=year, partner_id__in=list(partner_ids))
    return {row.partner_id: row for row in rows.order_by("issued_at", "id")}


def visible_certificates(member: Member) -> QuerySet[YearCertificate]:
    """Return all for staff, the partner's own otherwise and those of duplicates merged into it; newest first."""
    rows = YearCertificate.objects.select_related("partner").order_by("-year", "-issued_at", "-id")
    if member.is_staff:
        return rows
    merged = RawSQL("select unnest(partners_merged_into(%s))", [member.own_partner_id])
    return rows.filter(Q(partner_id=member.own_partner_id) | Q(partner_id__in=merged))


def _kept(row: YearTotal) -> dict[str, Any]:
    found = {
        "currency": row.currency,
        "gross_minor": row.gross_minor,
        "withheld_minor": row.withheld_minor,
        "vat_minor": row.vat_minor,
        "paid_minor": row.paid_minor,
    }
    # Named only where there is some: certificates from before it was told apart stay what they were.
    return {**found, "exchanged_minor": row.exchanged_minor} if row.exchanged_minor else found


def _parties(partner: Partner) -> dict[str, Any]:
    tenant = Tenant.objects.get(id=current_scope().tenant_id)
    return {
        "vendor": vendor_facts(tenant),
        "partner": {
            "name": partner.legal_name or partner.name,
            "address": partner.address,
            "country": partner.country,
            "tax_number": partner.tax_number,
        },
    }


def _digest(content: list[Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()
