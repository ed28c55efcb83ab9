"""Accounts that payments came back from: nothing more is paid there until other details, or a person's word."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from commissions.payouts.details import newest_account
from commissions.payouts.models import (
    BLAMES_ACCOUNT,
    AccountFault,
    Payout,
    PayoutAccount,
    ReturnCause,
)
from commissions.payouts.rules import account_code
from partners.directory.models import Partner
from prm.events.services import Actor, emit


class DetailsChanged(ValueError):
    """The partner changed its payout details meanwhile: the account in question is no longer in force."""


class CauseKnown(ValueError):
    """Nobody is asked why the payment came back: it did not, its code says it, or somebody said otherwise before."""


def note_fault(payout: Payout, *, at: datetime) -> None:
    """Keep that a payment came back because of its account: its reason has a code for that, or a person says so."""
    code = account_code(payout.return_reason)
    if not code and payout.return_cause not in BLAMES_ACCOUNT:
        return
    AccountFault.objects.create(
        partner_id=payout.partner_id,
        account_id=payout.account_id,
        payout_id=payout.id,
        code=code,
        at=at,
    )


def open_faults(account_id: int) -> list[AccountFault]:
    """Return why nothing is paid to an account, newest first, with the payments that came back; empty when it is."""
    return list(
        AccountFault.objects.filter(account_id=account_id, cleared_at=None)
        .select_related("payout")
        .order_by("-id")
    )


def fault_of(payout_id: UUID) -> AccountFault | None:
    """Return what a payment that came back says of its account; None when it says nothing."""
    return (
        AccountFault.objects.filter(payout_id=payout_id)
        .select_related("cleared_by", "account")
        .first()
    )


def may_be_confirmed(fault: AccountFault) -> bool:
    """Tell whether the account is still in force and waits for somebody's word."""
    newest = newest_account(fault.partner_id)
    return fault.cleared_at is None and newest is not None and newest.id == fault.account_id


def unclear_returns(*, limit: int) -> list[Payout]:
    """Return the newest payments that came back with words only, whose meaning nobody has said yet."""
    rows = Payout.objects.filter(return_cause=ReturnCause.UNCLEAR).select_related("partner")
    return list(rows.order_by("-id")[:limit])


@transaction.atomic
def say_cause(*, payout_id: UUID, cause: ReturnCause, actor: Actor, at: datetime) -> Payout:
    """Say why a payment came back whose bank gave no code; when it is the account, nothing more is paid there.

    A repeat returns the payment and writes nothing. Raises CauseKnown. Emits payout.cause_said.
    """
    payout = Payout.objects.select_for_update(no_key=True).get(id=payout_id)
    if payout.return_cause == cause:
        return payout
    if payout.return_cause != ReturnCause.UNCLEAR or cause == ReturnCause.UNCLEAR:
        raise CauseKnown
    payout.return_cause = cause
    payout.save(update_fields=["return_cause"])
    note_fault(payout, at=at)
    emit(
        "payout.cause_said",
        subject=f"payout:{payout.id}",
        actor=actor,
        partner_id=payout.partner_id,
        changes={"cause": [ReturnCause.UNCLEAR.value, cause.value]},
        at=at,
        queue=False,
    )
    return payout


@transaction.atomic
def confirm_account(
    *, partner_id: UUID, account_id: int, reason: str, actor: Actor, at: datetime
) -> PayoutAccount:
    """Let the next runs pay to the same account again, though a payment to it came back.

    account_id: the account that the person saw. reason: who said that it is right, and how; kept with the payment.
    What comes back later stops it anew. A repeat returns the account and tells nobody.
    Raises DetailsChanged, PayoutAccount.DoesNotExist for a partner without details. Emits payout_details.confirmed.
    """
    Partner.objects.select_for_update(no_key=True).get(id=partner_id)
    account = newest_account(partner_id)
    if account is None:
        raise PayoutAccount.DoesNotExist
    if account.id != account_id:
        raise DetailsChanged
    faults = AccountFault.objects.filter(account_id=account.id, cleared_at=None)
    if not faults.update(cleared_at=at, cleared_by_id=actor.user_id, cleared_reason=reason[:200]):
        return account
    emit(
        "payout_details.confirmed",
        subject=f"partner:{partner_id}",
        actor=actor,
        partner_id=partner_id,
        payload={"payout_account_id": account.id},
        at=at,
        queue=False,
    )
    return account
