"""What a vendor sets about VAT, what a partner says of itself, and its word for self-billing."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction

from commissions.tax.rules import masked_number
from commissions.vat.models import (
    SelfBilling,
    StatusState,
    VatKind,
    VatRate,
    VatSettings,
    VatStatus,
)
from commissions.vat.rules import checked_vat_number
from commissions.vat.selectors import vat_settings
from partners.directory.models import Partner
from prm.accounts.secrets import decrypt, encrypt
from prm.events.services import Actor, emit
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope


class NumberMissing(ValueError):
    """Who is registered for VAT inside the European Union has a number."""


class RateMissing(ValueError):
    """VAT cannot be dealt with before the rate of the vendor's own country is known."""


class SelfBillingNotOffered(ValueError):
    """The vendor does not write its partners' invoices."""


@dataclass(frozen=True)
class SettingsDraft:
    """How a vendor wants to deal with VAT; words: treatment -> language -> text. starts_on None: not at all."""

    starts_on: date | None
    vat_id: str = ""
    offers_self_billing: bool = True
    wants_status: bool = False
    wants_invoice: bool = False
    prefix: str = "SB"
    words: dict[str, dict[str, str]] = field(default_factory=dict)


@transaction.atomic
def save_settings(*, draft: SettingsDraft, actor: Actor, at: datetime) -> VatSettings:
    """Keep how VAT is dealt with; runs that are prepared already stay as they are. A repeat changes nothing.

    Raises RateMissing when it would begin without the rate of the vendor's country on that day,
    rules.NotAVatNumber. Emits tax.vat_changed.
    """
    _wait_for_others()
    country = Tenant.objects.values_list("country", flat=True).get(id=current_scope().tenant_id)
    number = checked_vat_number(country, draft.vat_id) if draft.vat_id else ""
    if draft.starts_on and not (
        VatRate.objects.filter(country=country, from_on__lte=draft.starts_on).exists()
    ):
        raise RateMissing(country)
    row = VatSettings.objects.select_for_update().first() or vat_settings()
    wanted = {
        "starts_on": draft.starts_on,
        "vat_id": number,
        "offers_self_billing": draft.offers_self_billing,
        "wants_status": draft.wants_status,
        "wants_invoice": draft.wants_invoice,
        "prefix": draft.prefix,
        "words": draft.words,
    }
    before = {name: getattr(row, name) for name in wanted}
    if row.pk and before == wanted:
        return row
    for name, value in wanted.items():
        setattr(row, name, value)
    row.save()
    emit(
        "tax.vat_changed",
        subject="vat_settings:all",
        actor=actor,
        changes={
            name: [str(before[name] or ""), str(value or "")]
            for name, value in wanted.items()
            if before[name] != value and name != "words"
        },
        at=at,
        queue=False,
    )
    return row


@transaction.atomic
def set_rate(
    *, country: str, rate: Decimal, from_on: date, source: str, actor: Actor, at: datetime
) -> VatRate:
    """Say a country's rate from a day on; of the same day the new one counts. A repeat changes nothing.

    rate: a fraction. Payments that were made keep theirs. Emits tax.vat_rate_set.
    """
    _wait_for_others()
    row = VatRate.objects.filter(country=country, from_on=from_on).first()
    if row and (row.rate, row.source) == (rate, source):
        return row
    before = str(row.rate) if row else ""
    row = row or VatRate(country=country, from_on=from_on)
    row.rate, row.source = rate, source
    row.save()
    emit(
        "tax.vat_rate_set",
        subject=f"vat_rate:{row.id}",
        actor=actor,
        payload={"country": country, "from_on": from_on.isoformat()},
        changes={"rate": [before, str(rate)]},
        at=at,
        queue=False,
    )
    return row


def _wait_for_others() -> None:
    """Let one person at a time change how VAT is dealt with: of rows that are not there yet none can be locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended('vat.settings', %s))",
            [current_scope().tenant_id],
        )


@transaction.atomic
def say_status(
    *, partner_id: UUID, kind: str, number: str, actor: Actor, at: datetime
) -> VatStatus:
    """Keep what a partner is to the VAT office, from now on; what was said before stays as history.

    A new word is checked anew by finance, also the same after a refusal. Otherwise a repeat returns the first.
    Raises NumberMissing, rules.NotAVatNumber. Emits tax.vat_status_said.
    """
    country = (
        Partner.objects.select_for_update(no_key=True)
        .values_list("country", flat=True)
        .get(id=partner_id)
    )
    plain = checked_vat_number(country, number) if number and _has_number(kind) else ""
    if kind == VatKind.REGISTERED and not plain:
        raise NumberMissing(kind)
    current = VatStatus.objects.filter(partner_id=partner_id, replaced_at=None).first()
    is_same = current and (current.kind, decrypt(current.number)) == (kind, plain)
    if current and is_same and current.state != StatusState.REFUSED:
        return current
    if current:
        current.replaced_at = at
        current.save(update_fields=["replaced_at"])
    row = VatStatus.objects.create(
        partner_id=partner_id,
        kind=kind,
        number=encrypt(plain),
        masked=masked_number(plain) if plain else "",
        said_by_id=actor.user_id,
        said_at=at,
    )
    _emit("tax.vat_status_said", partner_id, actor, at, kind=kind, vat_status_id=str(row.id))
    return row


def _has_number(kind: str) -> bool:
    return kind in {VatKind.REGISTERED, VatKind.SMALL}


def number_of(status: VatStatus | None) -> str:
    """Return the number in full, as papers print it; empty without one."""
    return decrypt(status.number) if status else ""


@transaction.atomic
def agree_self_billing(*, partner_id: UUID, text: str, actor: Actor, at: datetime) -> SelfBilling:
    """Keep that a partner lets the vendor write its invoices, with the sentence it read. A repeat returns the first.

    Raises SelfBillingNotOffered. Emits tax.self_billing_agreed.
    """
    if not vat_settings().offers_self_billing:
        raise SelfBillingNotOffered
    Partner.objects.select_for_update(no_key=True).get(id=partner_id)
    row = SelfBilling.objects.filter(partner_id=partner_id, ended_at=None).first()
    if row:
        return row
    row = SelfBilling.objects.create(
        partner_id=partner_id, text=text, agreed_by_id=actor.user_id, agreed_at=at
    )
    _emit("tax.self_billing_agreed", partner_id, actor, at)
    return row


@transaction.atomic
def end_self_billing(*, partner_id: UUID, actor: Actor, at: datetime) -> None:
    """End a partner's agreement: it writes its own invoices from now on. Notes that were issued stay.

    A repeat does nothing. Emits tax.self_billing_ended.
    """
    ended = SelfBilling.objects.filter(partner_id=partner_id, ended_at=None).update(
        ended_at=at, ended_by_id=actor.user_id
    )
    if ended:
        _emit("tax.self_billing_ended", partner_id, actor, at)


def _emit(name: str, partner_id: UUID, actor: Actor, at: datetime, **payload: str) -> None:
    emit(
        name,
        subject=f"partner:{partner_id}",
        actor=actor,
        partner_id=partner_id,
        payload=payload,
        at=at,
    )
