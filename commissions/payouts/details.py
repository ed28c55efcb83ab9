"""Where a partner is paid, and where the vendor pays from: saved encrypted, every change a new row and an event."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.crypto import salted_hmac

from commissions.payouts.models import PayoutAccount
from commissions.payouts.rules import COOLING, masked
from partners.directory.models import Partner
from prm.accounts.secrets import decrypt, encrypt
from prm.events.services import Actor, emit
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope


@dataclass(frozen=True)
class PayoutDetails:
    """Checked payout details: number without spaces or a wallet's address (commissions.payouts.rules).

    What the method has no use for is empty.
    """

    method: str
    holder: str
    number: str
    bic: str = ""
    country: str = ""
    routing: str = ""
    ach_kind: str = ""


def newest_account(partner_id: UUID) -> PayoutAccount | None:
    """Return the details that count for the partner now, None when there are none."""
    return PayoutAccount.objects.filter(partner_id=partner_id).order_by("-id").first()


def account_history(partner_id: UUID, *, limit: int = 20) -> list[PayoutAccount]:
    """Return the partner's details, newest first, with who changed them."""
    return list(
        PayoutAccount.objects.filter(partner_id=partner_id)
        .select_related("changed_by")
        .order_by("-id")[:limit]
    )


def number_digest(number: str) -> str:
    """Return the keyed digest by which two partners with one account are noticed."""
    return salted_hmac("commissions.payouts.number", number, algorithm="sha256").hexdigest()


@transaction.atomic
def save_payout_details(
    *, partner_id: UUID, details: PayoutDetails, actor: Actor, at: datetime
) -> PayoutAccount:
    """Make these the partner's payout details; the old ones stay as history.

    The first details count at once, changed ones are held for three days (rules.COOLING), so that
    the partner's people hear of a thief's change before money moves. A repeat of the same details
    returns the row in force and tells nobody. Emits payout_details.changed.
    """
    Partner.objects.select_for_update(no_key=True).get(id=partner_id)
    before = newest_account(partner_id)
    if before and _same(before, details):
        return before
    account = PayoutAccount.objects.create(
        partner_id=partner_id,
        method=details.method,
        holder=details.holder,
        number=encrypt(details.number),
        masked=masked(details.number),
        number_digest=number_digest(details.number),
        bic=details.bic,
        country=details.country,
        routing=details.routing,
        ach_kind=details.ach_kind,
        changed_by_id=actor.user_id,
        changed_at=at,
        cooling_until=at + COOLING if before else None,
    )
    emit(
        "payout_details.changed",
        subject=f"partner:{partner_id}",
        actor=actor,
        partner_id=partner_id,
        payload={"payout_account_id": account.id, "first": before is None},
        changes={
            "account": [before.masked if before else "", account.masked],
            "method": [before.method if before else "", account.method],
        },
        at=at,
    )
    return account


def _same(account: PayoutAccount, details: PayoutDetails) -> bool:
    return (
        account.method == details.method
        and account.holder == details.holder
        and account.number_digest == number_digest(details.number)
        and account.country == details.country
        and account.bic == details.bic
        and account.routing == details.routing
        and account.ach_kind == details.ach_kind
    )


@dataclass(frozen=True)
class DebtorAccount:
    """The vendor's own account that SEPA files are paid from."""

    holder: str
    iban: str
    bic: str

    @property
    def masked(self) -> str:
        """What pages show."""
        return masked(self.iban)


def debtor_account(tenant: Tenant) -> DebtorAccount | None:
    """Return the account payouts are sent from, None until finance has entered one."""
    if not tenant.payout_account:
        return None
    return DebtorAccount(
        tenant.legal_name or tenant.name, decrypt(tenant.payout_account), tenant.payout_bic
    )


@transaction.atomic
def save_debtor_account(*, iban: str, bic: str, actor: Actor, at: datetime) -> None:
    """Pay SEPA runs from this account of the vendor from now on. Emits payout_source.changed unless it is the same."""
    tenant = Tenant.objects.select_for_update(no_key=True).get(id=current_scope().tenant_id)
    before = debtor_account(tenant)
    if before and (before.iban, before.bic) == (iban, bic):
        return
    tenant.payout_account, tenant.payout_bic = encrypt(iban), bic
    tenant.save(update_fields=["payout_account", "payout_bic"])
    emit(
        "payout_source.changed",
        subject=f"tenant:{tenant.id}",
        actor=actor,
        changes={"account": [before.masked if before else "", masked(iban)]},
        at=at,
    )
