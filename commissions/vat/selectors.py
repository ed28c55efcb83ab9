"""Reads about VAT: the vendor's settings, what partners said, what was charged, the papers."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from commissions.ledger.selectors import tenant_zone
from commissions.vat.models import (
    InvoiceState,
    PaperKind,
    PartnerInvoice,
    SelfBill,
    SelfBilling,
    StatusState,
    VatCharge,
    VatKind,
    VatRate,
    VatSettings,
    VatStatus,
)
from commissions.vat.rules import REOPENED, WITHOUT_PAPER, Party, Treatment, Vat, vat_for
from partners.directory.models import Partner
from prm.accounts.members import Member
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope


def vat_settings() -> VatSettings:
    """Return the vendor's settings; a row that was never saved while VAT was never dealt with."""
    return VatSettings.objects.first() or VatSettings(words={})


def vat_counts_on(settings: VatSettings, day: date) -> bool:
    """Tell whether payments of a day are taxed."""
    return settings.starts_on is not None and settings.starts_on <= day


@dataclass(frozen=True)
class Seller:
    """A partner as VAT sees it."""

    partner_id: UUID
    party: Party
    is_self_billed: bool = False


@dataclass
class Office:
    """Everything needed to say how payments of one day are taxed; read once for many partners."""

    settings: VatSettings
    day: date
    vendor: Party
    rates: list[VatRate] = field(default_factory=list)
    sellers: dict[UUID, Seller] = field(default_factory=dict)
    invoices: dict[tuple[UUID, str], PartnerInvoice] = field(default_factory=dict)

    def vat_of(self, partner_id: UUID) -> Vat:
        """Return how the partner's payments are taxed."""
        return vat_for(self.vendor, self.sellers[partner_id].party, self.rates, on=self.day)

    def writes_bills_for(self, partner_id: UUID) -> bool:
        """Tell whether the vendor writes the invoice for the partner."""
        return self.sellers[partner_id].is_self_billed and self.settings.offers_self_billing

    def paper_for(self, partner_id: UUID, treatment: Treatment) -> str:
        """Return who writes the invoice for a payment, a PaperKind; empty when nobody does."""
        if treatment in WITHOUT_PAPER:
            return ""
        return PaperKind.SELF_BILL if self.writes_bills_for(partner_id) else PaperKind.INVOICE


def open_office(
    partner_ids: Collection[UUID], *, at: datetime, lock: bool = False
) -> Office | None:
    """Return what says how partners' payments at a moment (aware UTC) are taxed; None while VAT is not dealt with.

    lock: nobody decides about these invoices, or takes one back, until the transaction ends.
    """
    settings, day = vat_settings(), at.astimezone(tenant_zone()).date()
    if not partner_ids or not vat_counts_on(settings, day):
        return None
    country = Tenant.objects.values_list("country", flat=True).get(id=current_scope().tenant_id)
    invoices = PartnerInvoice.objects.filter(
        partner_id__in=partner_ids,
        payout_id=None,
        state__in=[InvoiceState.RECEIVED, InvoiceState.APPROVED],
    ).order_by("id")
    if lock:
        invoices = invoices.select_for_update(no_key=True)
    return Office(
        settings,
        day,
        Party(country, has_number=bool(settings.vat_id)),
        list(VatRate.objects.all()),
        _sellers(partner_ids),
        {(row.partner_id, row.currency): row for row in invoices},
    )


def _sellers(partner_ids: Collection[UUID]) -> dict[UUID, Seller]:
    said = {
        row.partner_id: row
        for row in VatStatus.objects.filter(partner_id__in=partner_ids, replaced_at=None)
    }
    billed = set(
        SelfBilling.objects.filter(partner_id__in=partner_ids, ended_at=None).values_list(
            "partner_id", flat=True
        )
    )
    partners = Partner.objects.filter(id__in=partner_ids).only(
        "id", "country", "legal_name", "name"
    )
    return {
        row.id: Seller(row.id, _party(row, said.get(row.id)), row.id in billed) for row in partners
    }


def _party(partner: Partner, said: VatStatus | None) -> Party:
    if said is None:
        return Party(partner.country)
    return Party(
        partner.country,
        has_number=bool(said.number),
        kind=said.kind,
        check=_check(said, partner),
    )


def _check(said: VatStatus, partner: Partner) -> str:
    """Return what finance said of a number, also between a change of the partner and the event that tells of it."""
    state = said.state_for(*called(partner))
    return REOPENED if state == StatusState.RECEIVED and said.checked_name else state


def called(partner: Partner) -> tuple[str, str]:
    """Return what a VAT number is checked against: the legal name, else the name, and the country."""
    return partner.legal_name or partner.name, partner.country


def status_of(partner_id: UUID) -> VatStatus | None:
    """Return what a partner said of itself last."""
    return (
        VatStatus.objects.filter(partner_id=partner_id, replaced_at=None)
        .select_related("said_by", "partner")
        .first()
    )


def listed_statuses() -> QuerySet[VatStatus]:
    """Return the registered partners' words that count, with partner and people, in no order yet."""
    return VatStatus.objects.filter(kind=VatKind.REGISTERED, replaced_at=None).select_related(
        "partner", "said_by", "decided_by"
    )


def self_billing_of(partner_id: UUID) -> SelfBilling | None:
    """Return the agreement to self-billing in force."""
    return (
        SelfBilling.objects.filter(partner_id=partner_id, ended_at=None)
        .select_related("agreed_by")
        .first()
    )


def rates_by_country() -> list[VatRate]:
    """Return every rate by country, newest first."""
    return list(VatRate.objects.order_by("country", "-from_on"))


def charge_of(payout_id: UUID) -> VatCharge | None:
    """Return how VAT stood on a payment; None when it was not dealt with, or the payment was not made."""
    return (
        VatCharge.objects.filter(payout_id=payout_id, takes_back=None)
        .exclude(id__in=VatCharge.objects.filter(takes_back__isnull=False).values("takes_back_id"))
        .select_related("invoice")
        .first()
    )


def bill_of(payout_id: UUID) -> SelfBill | None:
    """Return the self-billing note of a payment."""
    return SelfBill.objects.filter(payout_id=payout_id).first()


def visible_bills(member: Member) -> QuerySet[SelfBill]:
    """Return all for staff, the partner's own otherwise and those of duplicates merged into it."""
    rows = SelfBill.objects.select_related("partner")
    return rows if member.is_staff else rows.filter(own_ids(member))


def visible_invoices(member: Member) -> QuerySet[PartnerInvoice]:
    """Return all for staff, the partner's own otherwise."""
    rows = PartnerInvoice.objects.select_related("partner", "upload", "sent_by", "decided_by")
    return rows if member.is_staff else rows.filter(partner_id=member.own_partner_id)


def own_ids(member: Member) -> Q:
    """Return the condition for the partner's own rows and those of duplicates that were merged into it."""
    merged = RawSQL("select unnest(partners_merged_into(%s))", [member.own_partner_id])
    return Q(partner_id=member.own_partner_id) | Q(partner_id__in=merged)
